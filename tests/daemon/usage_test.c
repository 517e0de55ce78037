#include "daemon/usage.h"
#include "tests/check.h"

#include <stdlib.h>
#include <time.h>

#define BYTES (64 * 1024 * 1024)

/* Until it has used that much more, however busy the machine is. */
static void cpu_time_is_what_was_used(void **state)
{
    (void)state;
    double before = usage_cpu_seconds();
    clock_t start = clock();
    while (clock() - start < CLOCKS_PER_SEC / 20)
        ;
    double used = usage_cpu_seconds() - before;
    assert_true(used >= 0.04 && used < 1);
}

static void memory_is_what_is_resident(void **state)
{
    (void)state;
    double before = usage_memory_bytes();
    assert_true(before > 0);
    char *bytes = malloc(BYTES);
    assert_non_null(bytes);
    for (size_t i = 0; i < BYTES; i += 4096)
        ((volatile char *)bytes)[i] = 1;
    double used = usage_memory_bytes() - before;
    assert_true(used > BYTES * 0.9 && used < BYTES * 8.0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_time_is_what_was_used),
        cmocka_unit_test(memory_is_what_is_resident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
