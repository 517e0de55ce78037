#include "daemon/secrecy.h"
#include "tests/check.h"

#include <sys/prctl.h>
#include <sys/resource.h>

static void no_dumps(void **state)
{
    (void)state;
    struct rlimit core;
    struct why why = {0};
    assert_int_equal(secrecy_begin(&why), ERR_NONE);
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(core.rlim_cur, 0);
    assert_int_equal(core.rlim_max, 0);
    assert_int_equal(prctl(PR_GET_DUMPABLE), secrecy_is_whole() ? 0 : 1);
    assert_int_equal(secrecy_begin(&why), ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_dumps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
