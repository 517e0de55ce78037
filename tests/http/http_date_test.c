#include "http/http_date.h"
#include "tests/check.h"

static void the_three_forms_are_understood(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        int64_t seconds = 0;
        assert_true(http_date_parse(str_of(forms[i]), &seconds));
        assert_int_equal(seconds, 784111777);
    }
}

static void the_years_are_1970_to_9999(void **state)
{
    (void)state;
    int64_t seconds = -7;
    assert_true(http_date_parse(STR("Thu, 01 Jan 1970 00:00:00 GMT"), &seconds));
    assert_int_equal(seconds, 0);
    assert_true(http_date_parse(STR("Fri, 31 Dec 9999 23:59:59 GMT"), &seconds));
    assert_int_equal(seconds, 253402300799);
    static const char *const others[] = {
        "Wed, 31 Dec 1969 00:00:00 GMT",
        "Sat, 01 Jan 10000 00:00:00 GMT",
        "Sun, 06 Nov 2147483647 08:49:37 GMT",
    };
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_false(http_date_parse(str_of(others[i]), &seconds));
    assert_int_equal(seconds, 253402300799);
}

static void anything_else_is_no_date(void **state)
{
    (void)state;
    int64_t seconds;
    char long_text[100];
    memset(long_text, ' ', sizeof long_text);
    memcpy(long_text, "Sun, 06 Nov 1994 08:49:37 GMT", 29);
    assert_false(http_date_parse((struct str){long_text, sizeof long_text}, &seconds));
    assert_false(http_date_parse(STR_NONE, &seconds));
    assert_false(http_date_parse(STR(""), &seconds));
    assert_false(http_date_parse(STR("soon"), &seconds));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms_are_understood),
        cmocka_unit_test(the_years_are_1970_to_9999),
        cmocka_unit_test(anything_else_is_no_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
