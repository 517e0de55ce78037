#include "daemon/shown.h"
#include "tests/check.h"

static void nothing_reaches_the_terminal_but_text(void **state)
{
    (void)state;
    const struct {
        struct str text;
        const char *line;
        const char *whole;
    } cases[] = {
        {STR("plain"), "plain", "plain"},
        {STR("a\nb\tc\rd"), "a?b?c?d", "a\nb\tc?d"},
        {STR("\x1b[2J"), "?[2J", "?[2J"},
        {STR("\0\x7f"), "??", "??"},
        {STR("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {STR("\xc2\x9b"
             "2J"),
         "?2J", "?2J"}, /* CSI in one character */
        {STR("\xff\xc3"), "??", "??"},
        {STR(""), "", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out;
        buf_init(&out, 100);
        shown_line(&out, cases[i].text);
        assert_string_equal(buf_text(&out), cases[i].line);
        buf_clear(&out);
        shown_text(&out, cases[i].text);
        assert_string_equal(buf_text(&out), cases[i].whole);
        buf_fini(&out);
    }
}

static void times_are_those_of_utc(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 100);
    shown_time(&out, 1700000000);
    assert_string_equal(buf_text(&out), "2023-11-14T22:13:20Z");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_reaches_the_terminal_but_text),
        cmocka_unit_test(times_are_those_of_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
