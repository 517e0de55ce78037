#include "daemon/spread.h"
#include "tests/check.h"

static void nothing_has_no_percentile(void **state)
{
    (void)state;
    const struct spread spread = {0};
    assert_int_equal(spread_at(&spread, 0.5), -1);
}

static void small_ones_are_exact(void **state)
{
    (void)state;
    struct spread spread = {0};
    for (int64_t ms = 0; ms < 16; ms++) {
        spread = (struct spread){0};
        spread_add(&spread, ms);
        assert_int_equal(spread_at(&spread, 0.5), ms);
        assert_int_equal(spread_at(&spread, 1), ms);
    }
}

static void large_ones_are_near(void **state)
{
    (void)state;
    for (int64_t ms = 16; ms < INT64_C(65) * 60000; ms += 1 + ms / 50) {
        struct spread spread = {0};
        spread_add(&spread, ms);
        int64_t found = spread_at(&spread, 0.5);
        assert_true(found >= ms - ms / 16 - 1 && found <= ms + ms / 16 + 1);
    }
}

static void shares_are_of_the_count(void **state)
{
    (void)state;
    struct spread spread = {0};
    for (int i = 0; i < 98; i++)
        spread_add(&spread, 1);
    spread_add(&spread, 5);
    spread_add(&spread, 9);
    assert_int_equal(spread_at(&spread, 0), 1);
    assert_int_equal(spread_at(&spread, 0.5), 1);
    assert_int_equal(spread_at(&spread, 0.98), 1);
    assert_int_equal(spread_at(&spread, 0.99), 5);
    assert_int_equal(spread_at(&spread, 1), 9);
    assert_int_equal(spread.total, 100);
}

static void no_duration_is_out_of_bounds(void **state)
{
    (void)state;
    struct spread spread = {0};
    spread_add(&spread, -5);
    assert_int_equal(spread_at(&spread, 1), 0);
    spread_add(&spread, INT64_MAX);
    assert_true(spread_at(&spread, 1) > INT64_C(60) * 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_no_percentile),    cmocka_unit_test(small_ones_are_exact),
        cmocka_unit_test(large_ones_are_near),          cmocka_unit_test(shares_are_of_the_count),
        cmocka_unit_test(no_duration_is_out_of_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
