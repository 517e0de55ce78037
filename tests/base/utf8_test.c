#include "base/utf8.h"
#include "tests/check.h"

static size_t encode(uint32_t c, char bytes[4])
{
    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    bytes[0] = (char)((0xf00 >> length & 0xf0) | c);
    return length;
}

/* Every code point there is: surrogates refused, all others read back. */
static void every_code_point_is_read_back(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        char bytes[4];
        size_t length = encode(c, bytes);
        uint32_t got = 0xffffffff;
        bool is_surrogate = c >= 0xd800 && c <= 0xdfff;
        size_t expected = is_surrogate ? 0 : length;
        if (utf8_next((struct str){bytes, length}, &got) != expected)
            fail_msg("U+%04X has another length", c);
        if (!is_surrogate && got != c)
            fail_msg("U+%04X reads as U+%04X", c, got);
        if (length > 1 && utf8_next((struct str){bytes, length - 1}, &got) != 0)
            fail_msg("U+%04X is accepted without its last byte", c);
    }
}

static void ill_formed_bytes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x41",
        "\xc2\xc2",
        "\xe0\x9f\xbf",
        "\xe1\x80",
        "\xe1\x80\x41",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf1\x80\x80",
        "\xf1\x80\x80\xc0",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xfe",
        "\xff",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        uint32_t c = 77;
        if (utf8_next(str_of(bad[i]), &c) != 0 || c != 77)
            fail_msg("case %zu is accepted", i);
        assert_false(utf8_is_valid(str_of(bad[i])));
    }
}

static void validity_is_of_the_whole(void **state)
{
    (void)state;
    assert_true(utf8_is_valid(STR("")));
    assert_true(utf8_is_valid(STR_NONE));
    assert_true(utf8_is_valid(STR("a\0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")));
    assert_false(utf8_is_valid(STR("good\xc3")));
    assert_false(utf8_is_valid(STR("\xffgood")));
}

static void what_is_printable_has_no_control_characters(void **state)
{
    (void)state;
    assert_true(utf8_is_printable(STR_NONE));
    assert_true(utf8_is_printable(STR("a b~\xc2\xa0\xf0\x9f\x98\x80")));
    static const char *const bad[] = {"\x1f",     "a\n",      "\x7f", "\xc2\x80",
                                      "\xc2\x85", "\xc2\x9f", "\xff"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (utf8_is_printable(str_of(bad[i])))
            fail_msg("case %zu is accepted", i);
    assert_false(utf8_is_printable(STR("a\0b")));
}

static void nothing_has_no_first_character(void **state)
{
    (void)state;
    uint32_t c = 77;
    assert_int_equal(utf8_next(STR(""), &c), 0);
    assert_int_equal(c, 77);
}

static void length_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_length(STR("")), 0);
    assert_int_equal(utf8_length(STR("abc")), 3);
    assert_int_equal(utf8_length(STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_read_back),
        cmocka_unit_test(ill_formed_bytes_are_refused),
        cmocka_unit_test(validity_is_of_the_whole),
        cmocka_unit_test(what_is_printable_has_no_control_characters),
        cmocka_unit_test(nothing_has_no_first_character),
        cmocka_unit_test(length_counts_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
