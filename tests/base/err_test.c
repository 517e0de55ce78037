#include "base/err.h"
#include "tests/check.h"

static void every_error_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < ERR_COUNT; a++) {
        assert_non_null(err_name((enum err)a));
        assert_string_not_equal(err_name((enum err)a), "unknown");
        for (int b = 0; b < a; b++)
            assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
    }
    assert_string_equal(err_name(ERR_COUNT), "unknown");
    assert_string_equal(err_name((enum err) - 1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
