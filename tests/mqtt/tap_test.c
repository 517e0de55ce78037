#include "mqtt/tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>

static struct receipts receipts;

struct stream_case {
    struct str bytes;
    int reason;
};

static const struct stream_case cases[] = {
    {{"", 0}, TAP_NO_REASON},
    {{"\xe0", 1}, TAP_NO_REASON},
    {{"\xe0\x00", 2}, 0},
    {{"\xe0\x01\x8e", 3}, 0x8e},
    {{"\xe0\x02\x8b\x00", 4}, 0x8b},
    {{"\xd0\x00\xe0\x01\x98", 5}, 0x98},
    {{"\x40\x02\xe0\x01\xe0\x01\x87", 7}, 0x87}, /* what looks like one in a body is none */
    {{"\x30\x04\x00\x01\xe0\x8e\x40\x02\x00\x01", 10}, TAP_NO_REASON},
};

/* The same however the bytes are cut: Paho reads them in ones and in blocks. */
static void test_streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t step = 1; step <= 10; step++) {
            struct tap tap;
            tap_init(&tap, &receipts);
            for (size_t at = 0; at < cases[i].bytes.n; at += step) {
                size_t left = cases[i].bytes.n - at;
                tap_hear(&tap, (struct str){cases[i].bytes.p + at, left < step ? left : step});
            }
            assert_int_equal(tap.disconnect_reason, cases[i].reason);
            assert_int_equal(tap.bytes, cases[i].bytes.n);
        }
    }
}

/* One publish is on its way, and the connection is new. */
static void begin(struct tap *tap, int packet_id)
{
    tap_init(tap, &receipts);
    receipts_clear(&receipts, 1);
    window_add(&receipts.window, 5, false);
    receipts_hear_publish(&receipts, packet_id);
}

struct puback_case {
    struct str bytes;
    enum err err;
};

static const struct puback_case pubacks[] = {
    {{"\x40\x02\x01\x07", 4}, ERR_NONE},
    {{"\x40\x03\x01\x07\x10", 5}, ERR_NONE}, /* no matching subscribers */
    {{"\x40\x03\x01\x07\x87", 5}, ERR_REFUSED},
    {{"\x40\x04\x01\x07\x97\x00", 6}, ERR_REFUSED},
    {{"\x40\x06\x01\x07\x00\x02\x1f\x87", 8}, ERR_NONE},
    {{"\xd0\x00\x40\x02\x01\x06\x40\x02\x01\x07", 10}, ERR_NONE}, /* of nobody, then ours */
};

static void test_pubacks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pubacks); i++) {
        for (size_t step = 1; step <= pubacks[i].bytes.n; step++) {
            struct tap tap;
            struct receipt receipt;
            begin(&tap, 0x107);
            for (size_t at = 0; at < pubacks[i].bytes.n; at += step) {
                size_t left = pubacks[i].bytes.n - at;
                assert_false(receipts_take(&receipts, &receipt));
                tap_hear(&tap, (struct str){pubacks[i].bytes.p + at, left < step ? left : step});
            }
            assert_true(receipts_take(&receipts, &receipt));
            assert_int_equal(receipt.post_id, 5);
            assert_int_equal(receipt.err, pubacks[i].err);
        }
    }
}

/* Too short to name a publish, or looks like one inside of another packet. */
static void test_no_pubacks(void **state)
{
    (void)state;
    static const struct str streams[] = {
        {"\x40\x00", 2},     {"\x40\x02\x00\x01", 4},
        {"\x40\x01\x01", 3}, {"\x30\x06\x40\x02\x01\x00\x01\x00", 8},
        {"\x40\x02\x01", 3},
    };
    for (size_t i = 0; i < COUNT_OF(streams); i++) {
        struct tap tap;
        struct receipt receipt;
        begin(&tap, 0x100);
        tap_hear(&tap, streams[i]);
        assert_false(receipts_take(&receipts, &receipt));
        assert_int_equal(receipts.window.count, 1);
    }
}

static void test_long_body(void **state)
{
    (void)state;
    struct tap tap;
    tap_init(&tap, &receipts);
    tap_hear(&tap, (struct str){"\x30\x80\x80\x01", 4}); /* 16384 bytes */
    char block[1024] = {(char)0xe0, 1};
    for (int i = 0; i < 16; i++)
        tap_hear(&tap, (struct str){block, sizeof block});
    assert_int_equal(tap.part, TAP_TYPE);
    assert_int_equal(tap.disconnect_reason, TAP_NO_REASON);
    tap_hear(&tap, (struct str){"\xe0\x01\x81", 3});
    assert_int_equal(tap.disconnect_reason, 0x81);
}

static void test_length_that_never_ends(void **state)
{
    (void)state;
    struct tap tap;
    tap_init(&tap, &receipts);
    tap_hear(&tap, (struct str){"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10});
    assert_int_equal(tap.part, TAP_BODY);
    assert_int_equal(tap.bytes, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_pubacks),
        cmocka_unit_test(test_no_pubacks),
        cmocka_unit_test(test_long_body),
        cmocka_unit_test(test_length_that_never_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
