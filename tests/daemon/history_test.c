#include "daemon/history.h"
#include "tests/check.h"

static struct history history;

static void keeps_the_last_in_order(void **state)
{
    (void)state;
    assert_int_equal(history_count(&history), 0);
    for (int64_t i = 0; i < LIMITS_HISTORY + 7; i++) {
        const struct history_sample sample = {.at_ms = i};
        history_add(&history, &sample);
        if (i == 2) {
            assert_int_equal(history_count(&history), 3);
            assert_int_equal(history_at(&history, 0)->at_ms, 0);
            assert_int_equal(history_at(&history, 2)->at_ms, 2);
        }
    }
    assert_int_equal(history_count(&history), LIMITS_HISTORY);
    for (size_t i = 0; i < LIMITS_HISTORY; i++)
        assert_int_equal(history_at(&history, i)->at_ms, (int64_t)i + 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_last_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
