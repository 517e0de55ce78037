#include "base/now.h"
#include "tests/check.h"

#include <time.h>

static void the_steady_clock_does_not_go_back(void **state)
{
    (void)state;
    int64_t last = now_mono_ms();
    for (int i = 0; i < 10000; i++) {
        int64_t now = now_mono_ms();
        assert_true(now >= last);
        last = now;
    }
}

static void milliseconds_are_those_of_the_system(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL);
    int64_t now = now_wall_ms();
    int64_t after = (int64_t)time(NULL);
    assert_true(now / 1000 >= before - 1 && now / 1000 <= after + 1);
    struct timespec pause = {.tv_nsec = 20000000};
    int64_t start = now_mono_ms();
    nanosleep(&pause, NULL);
    assert_true(now_mono_ms() - start >= 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_steady_clock_does_not_go_back),
        cmocka_unit_test(milliseconds_are_those_of_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
