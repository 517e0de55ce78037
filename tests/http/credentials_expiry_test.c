#include "http/credentials_expiry.h"
#include "tests/check.h"

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2018-01-18T09:18:06Z", 1516267086},
        {"2018-01-18T09:18:06.123Z", 1516267086},
        {"2018-01-18T09:18:06.123456+00:00", 1516267086},
        {"2018-01-18T10:18:06+01:00", 1516267086},
        {"2018-01-18T03:48:06-0530", 1516267086},
        {"2024-02-29T23:59:60Z", 1709251200},
        {"2106-02-07T06:28:16Z", 4294967296},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t s = -1;
        if (!credentials_expiry_parse(str_of(cases[i].text), &s))
            fail_msg("%s", cases[i].text);
        assert_int_equal(s, cases[i].s);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2018-01-18",
        "2018-01-18T09:18:06",
        "2018-01-18 09:18:06Z",
        "2018-1-18T09:18:06Z",
        "2018-13-18T09:18:06Z",
        "2018-00-18T09:18:06Z",
        "2018-01-32T09:18:06Z",
        "2018-01-18T24:18:06Z",
        "2018-01-18T09:60:06Z",
        "2018-01-18T09:18:06.Z",
        "2018-01-18T09:18:06Zx",
        "2018-01-18T09:18:06+",
        "2018-01-18T09:18:06+1",
        "2018-01-18T09:18:06+24:00",
        "2018-01-18T09:18:-1Z",
        "1969-12-31T23:59:59Z",
        "1516267086",
    };
    int64_t s = 7;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (credentials_expiry_parse(str_of(texts[i]), &s))
            fail_msg("%s", texts[i]);
    assert_false(credentials_expiry_parse(STR_NONE, &s));
    assert_int_equal(s, 7);
}

/* The earliest and the latest of many. */
static void draw(int64_t lifetime_ms, int64_t *ret_min, int64_t *ret_max)
{
    *ret_min = INT64_MAX;
    *ret_max = 0;
    for (int i = 0; i < 2000; i++) {
        int64_t ms = credentials_expiry_refresh_ms(lifetime_ms);
        *ret_min = ms < *ret_min ? ms : *ret_min;
        *ret_max = ms > *ret_max ? ms : *ret_max;
    }
}

static void keys_are_fetched_again_five_to_four_minutes_ahead(void **state)
{
    (void)state;
    int64_t min;
    int64_t max;
    draw(INT64_C(3600000), &min, &max);
    assert_in_range(min, 3300 * 1000, 3305 * 1000);
    assert_in_range(max, 3355 * 1000, 3360 * 1000);
}

static void short_lives_are_shared_out(void **state)
{
    (void)state;
    int64_t min;
    int64_t max;
    draw(INT64_C(60000), &min, &max);
    assert_in_range(min, 40 * 1000, 40200);
    assert_in_range(max, 43800, 44 * 1000);
    draw(1, &min, &max);
    assert_int_equal(min, 1000);
    assert_int_equal(max, 1000);
}

static void pauses_grow_to_a_minute(void **state)
{
    (void)state;
    static const int64_t limits_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (unsigned failures = 1; failures <= COUNT_OF(limits_ms); failures++)
        for (int i = 0; i < 200; i++)
            assert_in_range(credentials_expiry_pause_ms(failures), limits_ms[failures - 1] / 2,
                            limits_ms[failures - 1]);
    assert_in_range(credentials_expiry_pause_ms(4000000000), 30000, 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(keys_are_fetched_again_five_to_four_minutes_ahead),
        cmocka_unit_test(short_lives_are_shared_out),
        cmocka_unit_test(pauses_grow_to_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
