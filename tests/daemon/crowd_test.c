#include "daemon/crowd.h"
#include "tests/check.h"

static void a_crowd_is_gone_once(void **state)
{
    (void)state;
    struct crowd crowd = {0};
    assert_false(crowd_is_gone(&crowd, 0, true));
    assert_false(crowd_is_gone(&crowd, CROWD_MIN, false));
    assert_false(crowd_is_gone(&crowd, 1, false));
    assert_false(crowd_is_gone(&crowd, 1, true));  /* it waits for its turn */
    assert_false(crowd_is_gone(&crowd, 0, false)); /* its answer is on its way */
    assert_true(crowd_is_gone(&crowd, 0, true));
    assert_false(crowd_is_gone(&crowd, 0, true));
}

static void a_few_are_no_crowd(void **state)
{
    (void)state;
    struct crowd crowd = {0};
    for (int i = 0; i < 3; i++) {
        assert_false(crowd_is_gone(&crowd, CROWD_MIN - 1, false));
        assert_false(crowd_is_gone(&crowd, 0, true));
    }
    assert_false(crowd_is_gone(&crowd, CROWD_MIN, false));
    assert_true(crowd_is_gone(&crowd, 0, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_is_gone_once),
        cmocka_unit_test(a_few_are_no_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
