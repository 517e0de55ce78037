#include "base/histogram.h"
#include "tests/check.h"

static void bounds_rise(void **state)
{
    (void)state;
    assert_true(histogram_bound_us(0) > 0);
    for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
        assert_true(histogram_bound_us(i - 1) < histogram_bound_us(i));
}

/* As in Prometheus: a bound belongs to its own bucket. */
static void each_goes_into_its_bucket(void **state)
{
    (void)state;
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        struct histogram histogram = {0};
        histogram_add(&histogram, histogram_bound_us(i));
        assert_int_equal(histogram.counts[i], 1);
        histogram_add(&histogram, histogram_bound_us(i) + 1);
        assert_int_equal(histogram.counts[i], 1);
        assert_int_equal(histogram.counts[i + 1], 1);
        assert_int_equal(histogram.sum_us, 2 * histogram_bound_us(i) + 1);
    }
}

static void the_ends(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    assert_int_equal(histogram_total(&histogram), 0);
    histogram_add(&histogram, 0);
    histogram_add(&histogram, -1);
    assert_int_equal(histogram.counts[0], 2);
    assert_int_equal(histogram.sum_us, 0);
    histogram_add(&histogram, INT64_MAX);
    assert_int_equal(histogram.counts[HISTOGRAM_BOUNDS], 1);
    assert_int_equal(histogram.sum_us, INT64_MAX);
    assert_int_equal(histogram_total(&histogram), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_rise),
        cmocka_unit_test(each_goes_into_its_bucket),
        cmocka_unit_test(the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
