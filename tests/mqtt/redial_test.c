#include "mqtt/redial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>

static void test_first_attempt_is_due_at_once(void **state)
{
    (void)state;
    struct redial redial;
    redial_init(&redial, 5000);
    assert_int_equal(redial.at_ms, 5000);
}

static void test_ceiling(void **state)
{
    (void)state;
    assert_int_equal(redial_ceiling_ms(0), REDIAL_MIN_MS);
    assert_int_equal(redial_ceiling_ms(1), 200);
    assert_int_equal(redial_ceiling_ms(8), 25600);
    assert_int_equal(redial_ceiling_ms(9), REDIAL_MAX_MS);
    assert_int_equal(redial_ceiling_ms(1000000), REDIAL_MAX_MS);
}

/* Waits lie between the minimum and the ceiling, and reach into both halves of the span. */
static void test_jitter(void **state)
{
    (void)state;
    int low = 0;
    int high = 0;
    for (int i = 0; i < 200; i++) {
        struct redial redial;
        redial_init(&redial, 0);
        for (int failure = 1; failure <= 10; failure++) {
            redial_failed(&redial, 1000);
            int64_t wait_ms = redial.at_ms - 1000;
            assert_in_range(wait_ms, REDIAL_MIN_MS, redial_ceiling_ms(failure));
        }
        if (redial.at_ms - 1000 < REDIAL_MAX_MS / 2)
            low++;
        else
            high++;
    }
    assert_true(low > 20 && high > 20);
}

static void test_only_a_stable_link_clears_the_count(void **state)
{
    (void)state;
    struct redial redial;
    redial_init(&redial, 0);
    for (int i = 0; i < 5; i++)
        redial_failed(&redial, 0);
    redial_up(&redial, 1000);
    redial_failed(&redial, 1000 + REDIAL_STABLE_MS - 1);
    assert_int_equal(redial.failures, 6);
    redial_up(&redial, 100000);
    redial_failed(&redial, 100000 + REDIAL_STABLE_MS);
    assert_int_equal(redial.failures, 1);
    redial_failed(&redial, 500000); /* was never up */
    assert_int_equal(redial.failures, 2);
    redial_now(&redial, 500001);
    assert_int_equal(redial.at_ms, 500001);
}

/* The later of the two, whatever the backoff; asked to, it does not rest. */
static void test_rest(void **state)
{
    (void)state;
    struct redial redial;
    redial_init(&redial, 0);
    redial_rest(&redial, 40000);
    redial_failed(&redial, 1000);
    assert_int_equal(redial.at_ms, 40000);
    redial_now(&redial, 2000);
    assert_int_equal(redial.at_ms, 2000);
    redial_up(&redial, 3000);
    redial_failed(&redial, 39000);
    assert_int_equal(redial.at_ms, 40000);
    redial_failed(&redial, 39950);
    assert_in_range(redial.at_ms, 39950 + REDIAL_MIN_MS, 39950 + redial_ceiling_ms(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_attempt_is_due_at_once),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_only_a_stable_link_clears_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
