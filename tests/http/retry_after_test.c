#include "http/retry_after.h"
#include "tests/check.h"

#define NOW_S 1440938160 /* Sun, 30 Aug 2015 12:36:00 GMT */

static void seconds_and_dates_are_understood(void **state)
{
    (void)state;
    assert_int_equal(retry_after_parse(STR("0"), NOW_S), 0);
    assert_int_equal(retry_after_parse(STR("120"), NOW_S), 120000);
    assert_int_equal(retry_after_parse(STR("Sun, 30 Aug 2015 12:37:00 GMT"), NOW_S), 60000);
    assert_int_equal(retry_after_parse(STR("Sun, 30 Aug 2015 12:35:00 GMT"), NOW_S), 0);
    assert_int_equal(retry_after_parse_ms(STR("1500")), 1500);
}

static void a_wish_is_at_most_a_day(void **state)
{
    (void)state;
    assert_int_equal(retry_after_parse(STR("9000000"), NOW_S), RETRY_AFTER_MAX_MS);
    assert_int_equal(retry_after_parse(STR("Sun, 30 Aug 2099 12:37:00 GMT"), NOW_S),
                     RETRY_AFTER_MAX_MS);
    assert_int_equal(retry_after_parse_ms(STR("9223372036854775807")), RETRY_AFTER_MAX_MS);
}

static void anything_else_is_no_wish(void **state)
{
    (void)state;
    static const char *const others[] = {"",
                                         "soon",
                                         "-1",
                                         "1.5",
                                         "1 ",
                                         "99999999999999999999",
                                         "12:",
                                         "Sun, 30 Aug 2015",
                                         "Sun, 30 Aug 2147483647 12:37:00 GMT"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(retry_after_parse(str_of(others[i]), NOW_S), -1);
    char long_text[100];
    memset(long_text, ':', sizeof long_text);
    assert_int_equal(retry_after_parse((struct str){long_text, sizeof long_text}, NOW_S), -1);
    assert_int_equal(retry_after_parse(STR_NONE, NOW_S), -1);
    assert_int_equal(retry_after_parse_ms(STR("soon")), -1);
    assert_int_equal(retry_after_parse_ms(STR("-5")), -1);
    assert_int_equal(retry_after_parse_ms(STR_NONE), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_and_dates_are_understood),
        cmocka_unit_test(a_wish_is_at_most_a_day),
        cmocka_unit_test(anything_else_is_no_wish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
