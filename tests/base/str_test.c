#include "base/str.h"
#include "tests/check.h"

#include <stdlib.h>

static void absent_and_empty_differ_only_by_the_pointer(void **state)
{
    (void)state;
    assert_true(str_is_absent(STR_NONE));
    assert_true(str_is_absent(str_of(NULL)));
    assert_false(str_is_absent(STR("")));
    assert_true(str_eq(STR_NONE, STR("")));
    assert_int_equal(str_of(NULL).n, 0);
}

static void equality_is_of_length_and_bytes(void **state)
{
    (void)state;
    assert_true(str_eq(STR("ab"), STR("ab")));
    assert_false(str_eq(STR("ab"), STR("abc")));
    assert_false(str_eq(STR("ab"), STR("aB")));
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_true(str_eq_text(STR("ab"), "ab"));
    assert_false(str_eq_text(STR("a\0b"), "a"));
}

static void starts_and_ends(void **state)
{
    (void)state;
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR("abc"), STR("")));
    assert_true(str_starts(STR_NONE, STR_NONE));
    assert_false(str_starts(STR("ab"), STR("abc")));
    assert_false(str_starts(STR("abc"), STR("b")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_true(str_ends(STR("abc"), STR("")));
    assert_true(str_ends(STR_NONE, STR_NONE));
    assert_true(str_ends(STR("bc"), STR("bc")));
    assert_false(str_ends(STR("bc"), STR("abc")));
    assert_false(str_ends(STR("abc"), STR("b")));
}

static void has_looks_at_every_byte_of_the_view_and_no_other(void **state)
{
    (void)state;
    assert_true(str_has(STR("ab\0c"), 'c'));
    assert_true(str_has(STR("\0"), '\0'));
    assert_false(str_has((struct str){"abc", 2}, 'c'));
    assert_false(str_has(STR_NONE, 'a'));
}

static void trim_takes_blanks_and_tabs_of_both_ends(void **state)
{
    (void)state;
    check_str(str_trim(STR(" \ta b\t ")), "a b");
    check_str(str_trim(STR("a")), "a");
    check_str(str_trim(STR(" \t ")), "");
    check_str(str_trim(STR("\na\n")), "\na\n");
    check_str(str_trim(STR_NONE), NULL);
}

static void cut_walks_every_part_and_ends_absent(void **state)
{
    (void)state;
    struct str rest = STR(",a,,b,");
    const char *const parts[] = {"", "a", "", "b", ""};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        assert_false(str_is_absent(rest));
        check_str(str_cut(&rest, ','), parts[i]);
    }
    assert_true(str_is_absent(rest));
    check_str(str_cut(&rest, ','), NULL);
}

static void integers_are_plain_decimal_and_in_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"42", 42},
        {"-42", -42},
        {"007", 7},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t value = 1;
        assert_true(str_to_int(str_of(good[i].text), INT64_MIN, INT64_MAX, &value));
        assert_true(value == good[i].value);
    }
}

static void what_is_no_integer_leaves_the_output(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "--1",
        "1-",
        "a",
        "9223372036854775808",
        "-9223372036854775809",
        "92233720368547758070",
    };
    int64_t value = 77;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(str_to_int(str_of(bad[i]), INT64_MIN, INT64_MAX, &value));
    assert_false(str_to_int(STR_NONE, INT64_MIN, INT64_MAX, &value));
    assert_false(str_to_int(STR("4"), 5, 6, &value));
    assert_false(str_to_int(STR("7"), 5, 6, &value));
    assert_int_equal(value, 77);
    assert_true(str_to_int(STR("5"), 5, 6, &value) && value == 5);
    assert_true(str_to_int(STR("6"), 5, 6, &value) && value == 6);
}

static void dup_copies_the_view_and_ends_it(void **state)
{
    (void)state;
    char *copy = str_dup((struct str){"abc", 2});
    assert_string_equal(copy, "ab");
    free(copy);
    copy = str_dup(STR(""));
    assert_string_equal(copy, "");
    free(copy);
    assert_null(str_dup(STR_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_and_empty_differ_only_by_the_pointer),
        cmocka_unit_test(equality_is_of_length_and_bytes),
        cmocka_unit_test(starts_and_ends),
        cmocka_unit_test(has_looks_at_every_byte_of_the_view_and_no_other),
        cmocka_unit_test(trim_takes_blanks_and_tabs_of_both_ends),
        cmocka_unit_test(cut_walks_every_part_and_ends_absent),
        cmocka_unit_test(integers_are_plain_decimal_and_in_range),
        cmocka_unit_test(what_is_no_integer_leaves_the_output),
        cmocka_unit_test(dup_copies_the_view_and_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
