#include "mqtt/receipts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define NOT_AUTHORIZED 0x87
#define NO_SUBSCRIBERS 0x10

static struct receipts receipts;

static void publish(int packet_id, uint64_t post_id, bool is_own)
{
    window_add(&receipts.window, post_id, is_own);
    receipts_hear_publish(&receipts, packet_id);
}

static void assert_receipt(uint64_t post_id, enum err err)
{
    struct receipt receipt;
    assert_true(receipts_take(&receipts, &receipt));
    assert_int_equal(receipt.post_id, post_id);
    assert_int_equal(receipt.err, err);
}

static void assert_no_receipt(void)
{
    struct receipt receipt;
    assert_false(receipts_take(&receipts, &receipt));
}

static void test_one_receipt_for_each_post(void **state)
{
    (void)state;
    receipts_clear(&receipts, 10);
    publish(1, 101, false);
    publish(2, 102, false);
    publish(3, 103, true);
    assert_no_receipt();
    receipts_hear_puback(&receipts, 2, NOT_AUTHORIZED);
    receipts_hear_puback(&receipts, 3, 0);
    receipts_hear_puback(&receipts, 1, NO_SUBSCRIBERS);
    receipts_hear_puback(&receipts, 1, 0);
    receipts_hear_puback(&receipts, 99, 0);
    assert_receipt(102, ERR_REFUSED);
    assert_receipt(101, ERR_NONE);
    assert_no_receipt();
    assert_int_equal(receipts.window.count, 0);
}

/* A broker that sends a PUBACK of id 0, or Paho a publish that is not ours. */
static void test_nothing_is_named_but_what_was_added(void **state)
{
    (void)state;
    receipts_clear(&receipts, 10);
    receipts_hear_publish(&receipts, 7);
    assert_int_equal(receipts.window.count, 0);
    publish(1, 101, false);
    receipts_hear_publish(&receipts, 7);
    receipts_hear_puback(&receipts, 7, 0);
    window_add(&receipts.window, 102, false);
    receipts_hear_puback(&receipts, 0, 0);
    assert_no_receipt();
    assert_int_equal(receipts.window.count, 2);
    receipts_hear_puback(&receipts, 1, 0);
    assert_receipt(101, ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_receipt_for_each_post),
        cmocka_unit_test(test_nothing_is_named_but_what_was_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
