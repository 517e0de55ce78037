#include "bridge/backoff.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

static int64_t longest_ms(enum fault_class class, unsigned failures)
{
    double highest = 1;
    struct port_chance chance = sample_chance(&highest);
    return backoff_pause_ms(class, failures, -1, &chance);
}

static void the_ceiling_doubles_up_to_the_maximum(void **state)
{
    (void)state;
    const int64_t transient[] = {50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000};
    const int64_t slow[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000};
    for (unsigned i = 0; i < COUNT_OF(transient); i++)
        assert_int_equal(longest_ms(FAULT_TRANSIENT, i + 1), transient[i]);
    for (unsigned i = 0; i < COUNT_OF(slow); i++) {
        assert_int_equal(longest_ms(FAULT_CREDENTIALS, i + 1), slow[i]);
    }
    assert_int_equal(longest_ms(FAULT_TRANSIENT, UINT32_MAX), BACKOFF_MAX_MS);
}

static void jitter_takes_the_whole_range(void **state)
{
    (void)state;
    double lowest = 0;
    double middle = 0.5;
    struct port_chance low = sample_chance(&lowest);
    struct port_chance half = sample_chance(&middle);
    assert_int_equal(backoff_pause_ms(FAULT_CREDENTIALS, 3, -1, &low), 0);
    assert_int_equal(backoff_pause_ms(FAULT_CREDENTIALS, 3, -1, &half), 2000);
}

static void what_the_service_asks_for_is_the_least(void **state)
{
    (void)state;
    double lowest = 0;
    double highest = 1;
    struct port_chance low = sample_chance(&lowest);
    struct port_chance high = sample_chance(&highest);
    assert_int_equal(backoff_pause_ms(FAULT_TRANSIENT, 1, 700, &low), 700);
    assert_int_equal(backoff_pause_ms(FAULT_TRANSIENT, 1, 30, &high), 50);
    assert_int_equal(backoff_pause_ms(FAULT_CREDENTIALS, 1, 60000, &high), 60000);
    assert_int_equal(backoff_pause_ms(FAULT_CREDENTIALS, 1, 0, &low), 0);
}

static void nobody_asks_for_an_hour(void **state)
{
    (void)state;
    double lowest = 0;
    struct port_chance low = sample_chance(&lowest);
    assert_int_equal(backoff_pause_ms(FAULT_TRANSIENT, 1, 3600000, &low), BACKOFF_ASKED_MAX_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ceiling_doubles_up_to_the_maximum),
        cmocka_unit_test(jitter_takes_the_whole_range),
        cmocka_unit_test(what_the_service_asks_for_is_the_least),
        cmocka_unit_test(nobody_asks_for_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
