#include "mqtt/receipts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>

static struct receipts receipts;

static void tell(int (*hook)(void *handle, char *key), const char *key)
{
    assert_int_equal(hook(&receipts, (char *)key), 0);
}

static void publish(const char *key, uint64_t post_id, bool is_own)
{
    window_add(&receipts.window, post_id, is_own);
    receipts.is_publishing = true;
    assert_int_equal(receipts.plug.pput(&receipts, (char *)key, 0, NULL, NULL), 0);
    receipts.is_publishing = false;
}

/* Paho removes all keys a message may have had, in this order. */
static void test_one_receipt_for_each_post(void **state)
{
    (void)state;
    receipts_init(&receipts);
    receipts_clear(&receipts, 10);
    publish("s-1", 101, false);
    publish("s5-2", 102, false);
    publish("s-3", 103, true);
    struct receipt receipt;
    assert_false(receipts_take(&receipts, &receipt));
    receipts_on_published(&receipts, 2, 0, NULL, MQTTREASONCODE_NOT_AUTHORIZED);
    receipts_on_published(&receipts, 1, 0, NULL, MQTTREASONCODE_NO_MATCHING_SUBSCRIBERS);
    static const char *const keys[] = {"s5-2", "sc5-2", "s-2",  "sc-2",  "s5-3", "s-3",
                                       "s5-1", "sc5-1", "s-1",  "sc-1",  "q-1",  "r5-1",
                                       "s-",   "s-0",   "s-1x", "s5-99", "c5-1"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        tell(receipts.plug.premove, keys[i]);
    assert_true(receipts_take(&receipts, &receipt));
    assert_true(receipt.post_id == 102 && receipt.err == ERR_REFUSED);
    assert_true(receipts_take(&receipts, &receipt));
    assert_true(receipt.post_id == 101 && receipt.err == ERR_NONE);
    assert_false(receipts_take(&receipts, &receipt));
    assert_int_equal(receipts.window.count, 0);
}

static void test_keeps_nothing(void **state)
{
    (void)state;
    receipts_init(&receipts);
    receipts_clear(&receipts, 10);
    void *handle = NULL;
    assert_int_equal(receipts.plug.popen(&handle, "id", "uri", receipts.plug.context), 0);
    assert_ptr_equal(handle, &receipts);
    char **keys = (char **)&handle;
    int count = 7;
    assert_int_equal(receipts.plug.pkeys(handle, &keys, &count), 0);
    assert_null(keys);
    assert_int_equal(count, 0);
    assert_int_not_equal(receipts.plug.pget(handle, "s-1", NULL, NULL), 0);
    assert_int_not_equal(receipts.plug.pcontainskey(handle, "s-1"), 0);
    /* Not in a publish of ours: nothing to name. */
    assert_int_equal(receipts.plug.pput(handle, "s-1", 0, NULL, NULL), 0);
    assert_int_equal(receipts.window.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_receipt_for_each_post),
        cmocka_unit_test(test_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
