#include "bridge/pace.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

#include <math.h>

static double highest = 1;
static double lowest = 0;

static int64_t throttle(struct pace *pace, int64_t started_ms, int64_t asked_ms, int64_t now_ms)
{
    struct port_chance chance = sample_chance(&highest);
    return pace_throttled(pace, started_ms, asked_ms, now_ms, &chance);
}

static void check_rate(const struct pace *pace, double expected)
{
    if (fabs(pace_rate(pace) - expected) > 0.001)
        fail_msg("the rate is %f, not %f", pace_rate(pace), expected);
}

static void a_throttled_call_halves_the_rate_at_once(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10, 10, 0);
    check_rate(&pace, 10);
    assert_int_equal(throttle(&pace, 100, -1, 200), 1200);
    check_rate(&pace, 5);
    assert_false(bucket_take(&pace.bucket, 1199));
    assert_int_equal(bucket_next_ms(&pace.bucket, 200), 1400); /* empty after the rest */
}

static void what_was_under_way_says_the_same_only_once(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10, 10, 0);
    throttle(&pace, 100, -1, 200);
    for (int64_t started_ms = 100; started_ms < 200; started_ms += 10)
        assert_int_equal(throttle(&pace, started_ms, -1, 250), 1200);
    check_rate(&pace, 5);
    assert_int_equal(throttle(&pace, 150, 3000, 260), 3260); /* but its wish counts */
    throttle(&pace, 3300, -1, 3400);
    check_rate(&pace, 2.5);
}

static void the_rate_has_a_floor(void **state)
{
    (void)state;
    const struct {
        double configured;
        double floor;
    } cases[] = {{10, 0.5}, {1000, 0.5}, {0.7, 0.5}, {0.2, 0.2}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pace pace;
        pace_init(&pace, cases[i].configured, 1, 0);
        for (int64_t at_ms = 0; at_ms < 3000000; at_ms += 30000)
            throttle(&pace, at_ms, -1, at_ms);
        check_rate(&pace, cases[i].floor);
    }
}

static void answered_calls_raise_it_a_little_each_second(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10, 10, 0);
    throttle(&pace, 0, -1, 0); /* rests until 1000 */
    pace_answered(&pace, 500);
    check_rate(&pace, 5);
    for (int64_t at_ms = 1100; at_ms <= 11000; at_ms += 100)
        pace_answered(&pace, at_ms);
    check_rate(&pace, 7);
    for (int64_t at_ms = 11100; at_ms <= 100000; at_ms += 100)
        pace_answered(&pace, at_ms);
    check_rate(&pace, 10); /* never above the configured one */
}

static void silence_raises_nothing(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10, 10, 0);
    throttle(&pace, 0, -1, 0);
    pace_answered(&pace, 3600000);
    check_rate(&pace, 5.2); /* one second's worth, after an hour */
}

static void rests_double_until_a_call_is_answered(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 1, 0);
    const int64_t rests_ms[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000};
    int64_t now_ms = 0;
    for (size_t i = 0; i < COUNT_OF(rests_ms); i++) {
        int64_t until_ms = throttle(&pace, now_ms, -1, now_ms);
        assert_int_equal(until_ms - now_ms, rests_ms[i]);
        now_ms = until_ms;
    }
    pace_answered(&pace, now_ms);
    assert_int_equal(throttle(&pace, now_ms, -1, now_ms), now_ms + 1000);
}

static void a_rest_may_be_half_as_long_by_chance(void **state)
{
    (void)state;
    struct pace pace;
    struct port_chance chance = sample_chance(&lowest);
    pace_init(&pace, 10, 10, 0);
    assert_int_equal(pace_throttled(&pace, 0, -1, 0, &chance), 500);
}

static void what_the_service_asks_for_is_kept_within_reason(void **state)
{
    (void)state;
    const struct {
        int64_t asked_ms;
        int64_t rest_ms;
    } cases[] = {{1, 1},         {4000, 4000},      {60000, 60000},
                 {60001, 60000}, {86400000, 60000}, {0, 1000}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pace pace;
        pace_init(&pace, 10, 10, 0);
        assert_int_equal(throttle(&pace, 0, cases[i].asked_ms, 0), cases[i].rest_ms);
    }
}

static void without_a_limit_there_is_only_the_rest(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 1, 0);
    assert_int_equal(throttle(&pace, 0, -1, 0), 1000);
    check_rate(&pace, 0);
    assert_false(bucket_take(&pace.bucket, 999));
    for (int i = 0; i < 1000; i++)
        assert_true(bucket_take(&pace.bucket, 1000));
    pace_answered(&pace, 2000);
    check_rate(&pace, 0);
}

static void a_restart_gives_up_what_was_saved_up(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10, 10, 0);
    pace_restart(&pace, 5000);
    assert_false(bucket_take(&pace.bucket, 5000));
    assert_int_equal(bucket_next_ms(&pace.bucket, 5000), 5100);
    check_rate(&pace, 10);
}

static void a_full_bucket_refills_from_the_first_reply_on(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10, 2, 0);
    assert_true(pace_take(&pace, 1000));
    assert_true(pace_take(&pace, 1000));
    assert_false(pace_take(&pace, 1500));
    assert_true(bucket_next_ms(&pace.bucket, 1500) == DUE_NEVER);
    pace_replied(&pace, 1500);
    assert_int_equal(bucket_next_ms(&pace.bucket, 1500), 1600);
    assert_true(pace_take(&pace, 1600));
    assert_int_equal(bucket_next_ms(&pace.bucket, 1600), 1700); /* it was not full */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_throttled_call_halves_the_rate_at_once),
        cmocka_unit_test(what_was_under_way_says_the_same_only_once),
        cmocka_unit_test(the_rate_has_a_floor),
        cmocka_unit_test(answered_calls_raise_it_a_little_each_second),
        cmocka_unit_test(silence_raises_nothing),
        cmocka_unit_test(rests_double_until_a_call_is_answered),
        cmocka_unit_test(a_rest_may_be_half_as_long_by_chance),
        cmocka_unit_test(what_the_service_asks_for_is_kept_within_reason),
        cmocka_unit_test(without_a_limit_there_is_only_the_rest),
        cmocka_unit_test(a_restart_gives_up_what_was_saved_up),
        cmocka_unit_test(a_full_bucket_refills_from_the_first_reply_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
