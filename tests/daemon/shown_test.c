#include "daemon/shown.h"
#include "tests/check.h"

#include <stdlib.h>
#include <time.h>

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
        {STR("a\xe2\x80\xae"
             "b"),
         "a?b", "a?b"},                                /* right to left from here */
        {STR("\xe2\x80\xa8\xe2\x81\xa6"), "??", "??"}, /* a line separator, an isolate */
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

static void local_times_are_those_of_the_zone(void **state)
{
    (void)state;
    struct buf out;
    setenv("TZ", "UTC-2", 1); /* POSIX counts to the west */
    tzset();
    buf_init(&out, 100);
    shown_local_time(&out, 1700000000);
    assert_string_equal(buf_text(&out), "2023-11-15 00:13:20");
    buf_fini(&out);
}

static void json_stays_the_same_value(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 100);
    shown_json(&out, STR("{\"a\":\"\xc2\x9b"
                         "2J \x7f \xc3\xbc \xe2\x80\xae\"}"));
    assert_string_equal(buf_text(&out), "{\"a\":\"\\u009b2J \\u007f \xc3\xbc \\u202e\"}");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_reaches_the_terminal_but_text),
        cmocka_unit_test(times_are_those_of_utc),
        cmocka_unit_test(local_times_are_those_of_the_zone),
        cmocka_unit_test(json_stays_the_same_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
