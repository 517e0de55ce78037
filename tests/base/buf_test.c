#include "base/buf.h"
#include "tests/check.h"

static void appends_of_every_kind_join(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    check_str(buf_str(&buf), "");
    buf_add(&buf, STR("a\0b"));
    buf_add(&buf, STR_NONE);
    buf_add_text(&buf, "-text-");
    buf_add_byte(&buf, '!');
    buf_add_int(&buf, 0);
    buf_add_int(&buf, INT64_MIN);
    buf_add_int(&buf, INT64_MAX);
    buf_format(&buf, "<%d|%s>", 7, "x");
    buf_format(&buf, "%s", "");
    assert_int_equal(buf_err(&buf), ERR_NONE);
    assert_true(
        str_eq(buf_str(&buf), STR("a\0b-text-!0-92233720368547758089223372036854775807<7|x>")));
    buf_fini(&buf);
}

static void a_buffer_holds_its_maximum_and_no_more(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4);
    buf_add_text(&buf, "abcd");
    assert_int_equal(buf_err(&buf), ERR_NONE);
    buf_add(&buf, STR(""));
    assert_int_equal(buf_err(&buf), ERR_NONE);
    buf_add_byte(&buf, 'e');
    assert_int_equal(buf_err(&buf), ERR_FULL);
    check_str(buf_str(&buf), "abcd");
    buf_fini(&buf);
}

static void a_failed_buffer_takes_nothing_until_cleared(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4);
    buf_add_text(&buf, "abc");
    buf_format(&buf, "%d", 12);
    assert_int_equal(buf_err(&buf), ERR_FULL);
    buf_add_byte(&buf, 'd');
    assert_null(buf_reserve(&buf, 1));
    assert_string_equal(buf_text(&buf), "");
    check_str(buf_str(&buf), "abc");
    buf_clear(&buf);
    assert_int_equal(buf_err(&buf), ERR_NONE);
    buf_add_text(&buf, "d");
    assert_string_equal(buf_text(&buf), "d");
    buf_fini(&buf);
}

static void text_is_ended_without_counting_the_end(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 64);
    assert_string_equal(buf_text(&buf), "");
    for (int i = 0; i < 64; i++) /* exactly the first capacity, so that the NUL needs the next */
        buf_add_byte(&buf, 'x');
    assert_int_equal(strlen(buf_text(&buf)), 64);
    assert_int_equal(buf_str(&buf).n, 64);
    buf_fini(&buf);
}

static void growing_keeps_the_bytes(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100000);
    for (int i = 0; i < 10000; i++)
        buf_format(&buf, "%05d,", i);
    assert_int_equal(buf_err(&buf), ERR_NONE);
    struct str rest = buf_str(&buf);
    for (int64_t i = 0; i < 10000; i++) {
        int64_t value = -1;
        assert_true(str_to_int(str_cut(&rest, ','), 0, 9999, &value));
        assert_true(value == i);
    }
    buf_fini(&buf);
}

static void reserved_room_counts_once_it_is_added(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 8);
    char *at = buf_reserve(&buf, 8);
    assert_non_null(at);
    memcpy(at, "abcdefgh", 8);
    check_str(buf_str(&buf), "");
    buf_added(&buf, 3);
    check_str(buf_str(&buf), "abc");
    assert_null(buf_reserve(&buf, 6));
    assert_int_equal(buf_err(&buf), ERR_FULL);
    buf_fini(&buf);
}

static void the_front_can_be_dropped(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 8);
    buf_drop_front(&buf, 0);
    buf_add_text(&buf, "abcdef");
    buf_drop_front(&buf, 2);
    check_str(buf_str(&buf), "cdef");
    buf_add_text(&buf, "ghij");
    check_str(buf_str(&buf), "cdefghij");
    buf_drop_front(&buf, 8);
    check_str(buf_str(&buf), "");
    buf_fini(&buf);
}

static void fini_leaves_a_buffer_that_can_be_used_again(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 2);
    buf_add_text(&buf, "abc");
    buf_fini(&buf);
    buf_fini(&buf);
    buf_add_text(&buf, "ab");
    check_str(buf_str(&buf), "ab");
    buf_fini(&buf);
}

/* The size is never added up: n more bytes than any address space has. */
static void an_absurd_size_is_full_not_overflow(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 16);
    buf_add_byte(&buf, 'a');
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_int_equal(buf_err(&buf), ERR_FULL);
    buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_of_every_kind_join),
        cmocka_unit_test(a_buffer_holds_its_maximum_and_no_more),
        cmocka_unit_test(a_failed_buffer_takes_nothing_until_cleared),
        cmocka_unit_test(text_is_ended_without_counting_the_end),
        cmocka_unit_test(growing_keeps_the_bytes),
        cmocka_unit_test(reserved_room_counts_once_it_is_added),
        cmocka_unit_test(the_front_can_be_dropped),
        cmocka_unit_test(fini_leaves_a_buffer_that_can_be_used_again),
        cmocka_unit_test(an_absurd_size_is_full_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
