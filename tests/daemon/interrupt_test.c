#include "daemon/interrupt.h"
#include "tests/check.h"

#include <poll.h>
#include <signal.h>

static void a_signal_is_something_to_wait_for(void **state)
{
    (void)state;
    static const int numbers[] = {SIGINT, SIGTERM};
    int fd = interrupt_open();
    assert_true(fd >= 0);
    assert_false(interrupt_came(fd));
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        assert_int_equal(raise(numbers[i]), 0); /* and the process goes on */
        assert_int_equal(poll(&poll_fd, 1, 5000), 1);
        assert_true(interrupt_came(fd));
        assert_false(interrupt_came(fd));
    }
    interrupt_close(fd);
}

static void without_a_descriptor_nothing_comes(void **state)
{
    (void)state;
    assert_false(interrupt_came(-1));
    interrupt_close(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_is_something_to_wait_for),
        cmocka_unit_test(without_a_descriptor_nothing_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
