#include "base/due.h"
#include "bridge/bucket.h"
#include "tests/check.h"

/* Calls that leave from from_ms on and before to_ms when every chance is taken, found by asking
 * when the next may leave. */
static int64_t drain(struct bucket *bucket, int64_t from_ms, int64_t to_ms)
{
    int64_t count = 0;
    for (int64_t now_ms = from_ms; now_ms < to_ms; now_ms = bucket_next_ms(bucket, now_ms))
        if (bucket_take(bucket, now_ms))
            count++;
    return count;
}

static void a_burst_leaves_at_once_and_no_more(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 10, 3, 1000);
    for (int i = 0; i < 3; i++)
        assert_true(bucket_take(&bucket, 1000));
    assert_false(bucket_take(&bucket, 1000));
    assert_int_equal(bucket_next_ms(&bucket, 1000), 1100);
    assert_false(bucket_take(&bucket, 1099));
    assert_true(bucket_take(&bucket, 1100));
}

static void the_rate_holds_over_long_times(void **state)
{
    (void)state;
    const struct {
        double rate;
        unsigned burst;
        int64_t seconds;
        int64_t calls; /* the burst, then what flows in */
    } cases[] = {
        {10, 10, 10000, 10 + 100000 - 1}, {1, 1, 100000, 1 + 100000 - 1},
        {0.1, 1, 100000, 1 + 10000 - 1},  {0.25, 2, 4000, 2 + 1000 - 1},
        {7, 5, 10000, 5 + 70000 - 1},     {250, 1, 100, 1 + 25000 - 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bucket bucket;
        bucket_init(&bucket, cases[i].rate, cases[i].burst, 0);
        int64_t calls = drain(&bucket, 0, cases[i].seconds * 1000);
        /* Whole milliseconds may lose a little of the rate, but never exceed it. */
        assert_true(calls <= cases[i].calls);
        assert_true(calls >= cases[i].calls - cases[i].calls / 100 - 1);
    }
}

static void a_rate_of_whole_milliseconds_is_exact(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 10, 10, 0);
    assert_int_equal(drain(&bucket, 0, 3600000), 10 + 36000 - 1);
}

static void idleness_saves_up_one_burst_only(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 10, 4, 0);
    assert_int_equal(drain(&bucket, 0, 1), 4);
    assert_int_equal(drain(&bucket, 900, 901), 4); /* 9 would have flowed in */
    assert_int_equal(drain(&bucket, 1000000, 1000001), 4);
}

static void zero_means_no_limit(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 0, 1, 50);
    for (int i = 0; i < 100000; i++)
        assert_true(bucket_take(&bucket, 50));
    assert_int_equal(bucket_next_ms(&bucket, 50), 50);
    bucket_hold(&bucket, 80);
    assert_false(bucket_take(&bucket, 79));
    assert_int_equal(bucket_next_ms(&bucket, 60), 80);
    assert_true(bucket_take(&bucket, 80));
    bucket_hold(&bucket, 200);
    bucket_hold(&bucket, 100); /* an earlier end does not shorten it */
    assert_int_equal(bucket_next_ms(&bucket, 90), 200);
}

static void a_hold_empties_and_lasts(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 10, 10, 0);
    bucket_hold(&bucket, 2000);
    assert_false(bucket_take(&bucket, 1999));
    assert_int_equal(bucket_next_ms(&bucket, 0), 2100);
    assert_false(bucket_take(&bucket, 2099));
    assert_true(bucket_take(&bucket, 2100));
    assert_false(bucket_take(&bucket, 2100));

    bucket_hold(&bucket, 5000);
    bucket_hold(&bucket, 3000);
    assert_false(bucket_take(&bucket, 4999));
    assert_int_equal(bucket_next_ms(&bucket, 2100), 5100);
}

static void next_is_never_early_and_never_in_the_past(void **state)
{
    (void)state;
    const double rates[] = {0.001, 0.3, 1, 3, 7, 10, 333, 999, 100000};
    for (size_t i = 0; i < COUNT_OF(rates); i++) {
        struct bucket bucket;
        bucket_init(&bucket, rates[i], 1, 0);
        for (int64_t now_ms = 0, calls = 0; calls < 50; calls++) {
            int64_t next_ms = bucket_next_ms(&bucket, now_ms);
            assert_true(next_ms >= now_ms);
            if (next_ms > now_ms)
                assert_false(bucket_take(&bucket, next_ms - 1));
            assert_true(bucket_take(&bucket, next_ms));
            now_ms = next_ms;
        }
    }
}

static void extremes_do_not_overflow(void **state)
{
    (void)state;
    const double rates[] = {1e-9, 1e-6, 0.5, 1e6, 1e9, 1e18, 1e300};
    const unsigned bursts[] = {1, 1000, UINT32_MAX};
    const int64_t far_ms = INT64_MAX / 4;
    for (size_t i = 0; i < COUNT_OF(rates); i++)
        for (size_t j = 0; j < COUNT_OF(bursts); j++) {
            struct bucket bucket;
            bucket_init(&bucket, rates[i], bursts[j], 0);
            assert_true(bucket_take(&bucket, 0));
            assert_true(bucket_next_ms(&bucket, 0) >= 0);
            assert_true(bucket_take(&bucket, far_ms));
            assert_true(bucket_next_ms(&bucket, far_ms) >= far_ms);
        }
}

static void the_smallest_rate_is_a_limit(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 1e-9, 1, 0);
    assert_true(bucket_take(&bucket, 0));
    assert_false(bucket_take(&bucket, 1000000));
}

static void what_did_not_fit_is_told(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 10, 3, 0);
    assert_false(bucket_has_overflowed(&bucket, 49));
    assert_true(bucket_has_overflowed(&bucket, 50));
    assert_true(bucket_has_overflowed(&bucket, INT64_MAX / 4));
    assert_true(bucket_take(&bucket, 50));
    assert_false(bucket_has_overflowed(&bucket, 199));
    assert_true(bucket_has_overflowed(&bucket, 200));
    bucket_init(&bucket, 0, 3, 0);
    assert_false(bucket_has_overflowed(&bucket, 1000000));
}

static void what_is_still_keeps_its_level(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 10, 3, 0);
    assert_true(bucket_take(&bucket, 0));
    assert_true(bucket_take(&bucket, 100));
    bucket_still(&bucket, 150);
    assert_true(bucket_take(&bucket, 5000));
    assert_true(bucket_take(&bucket, 5000));
    assert_false(bucket_take(&bucket, 5000));
    assert_true(bucket_next_ms(&bucket, 5000) == DUE_NEVER);
    bucket_flow(&bucket, 6000);
    assert_int_equal(bucket_next_ms(&bucket, 6000), 6050); /* half had flowed in before */
    bucket_still(&bucket, 6000);
    bucket_hold(&bucket, 7000); /* a hold has its own end */
    assert_int_equal(bucket_next_ms(&bucket, 6000), 7100);

    bucket_init(&bucket, 0, 1, 0);
    bucket_still(&bucket, 0);
    assert_true(bucket_take(&bucket, 0));
}

static void what_is_in_it_is_told(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 10, 3, 1000);
    assert_true(bucket_tokens(&bucket, 1000) == 3);
    for (int i = 0; i < 3; i++)
        assert_true(bucket_take(&bucket, 1000));
    assert_true(bucket_tokens(&bucket, 1000) == 0);
    assert_true(bucket_tokens(&bucket, 1050) == 0.5);
    assert_true(bucket_tokens(&bucket, 60000) == 3);
    bucket_hold(&bucket, 2000);
    assert_true(bucket_tokens(&bucket, 1500) == 0);
    assert_true(bucket_tokens(&bucket, 2100) == 1);
    bucket_init(&bucket, 0, 3, 0); /* no limit */
    assert_true(bucket_tokens(&bucket, 1000) == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_leaves_at_once_and_no_more),
        cmocka_unit_test(the_rate_holds_over_long_times),
        cmocka_unit_test(a_rate_of_whole_milliseconds_is_exact),
        cmocka_unit_test(idleness_saves_up_one_burst_only),
        cmocka_unit_test(zero_means_no_limit),
        cmocka_unit_test(a_hold_empties_and_lasts),
        cmocka_unit_test(next_is_never_early_and_never_in_the_past),
        cmocka_unit_test(extremes_do_not_overflow),
        cmocka_unit_test(the_smallest_rate_is_a_limit),
        cmocka_unit_test(what_did_not_fit_is_told),
        cmocka_unit_test(what_is_still_keeps_its_level),
        cmocka_unit_test(what_is_in_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
