/* A host name, resolved beside the loop. */
#include "base/now.h"
#include "mqtt/lookup.h"
#include "tests/mqtt/resolver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

static const char *const two[] = {"127.0.0.7", "::1", NULL};
static const char *const none[] = {NULL};

static struct lookup *begin(void)
{
    struct lookup *lookup = NULL;
    struct why why;
    assert_int_equal(lookup_new("any.example", &lookup, &why), ERR_NONE);
    return lookup;
}

static void until_done(const struct lookup *lookup)
{
    struct pollfd fd = {.fd = lookup_fd(lookup), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 5000), 1);
    assert_true(lookup_is_done(lookup));
}

static void test_addresses(void **state)
{
    (void)state;
    resolver_means(two, 100);
    int64_t start_ms = now_mono_ms();
    struct lookup *lookup = begin();
    assert_false(lookup_is_done(lookup));
    assert_true(now_mono_ms() - start_ms < 90);
    until_done(lookup);
    const char *reason = NULL;
    const struct addrinfo *list = lookup_addresses(lookup, &reason);
    assert_non_null(list);
    assert_int_equal(list->ai_family, AF_INET);
    assert_int_equal(((struct sockaddr_in *)(void *)list->ai_addr)->sin_addr.s_addr,
                     inet_addr("127.0.0.7"));
    assert_int_equal(list->ai_next->ai_family, AF_INET6);
    assert_null(list->ai_next->ai_next);
    assert_null(reason);
    lookup_free(lookup);
}

static void test_no_such_name(void **state)
{
    (void)state;
    resolver_means(none, 0);
    struct lookup *lookup = begin();
    until_done(lookup);
    const char *reason = NULL;
    assert_null(lookup_addresses(lookup, &reason));
    assert_string_equal(reason, "Name or service not known");
    lookup_free(lookup);
}

/* The last of them is still at work when the process ends: no leak. */
static void test_given_up(void **state)
{
    (void)state;
    resolver_means(two, 50);
    int64_t start_ms = now_mono_ms();
    for (int i = 0; i < 20; i++)
        lookup_free(begin());
    assert_true(now_mono_ms() - start_ms < 50);
    usleep(200 * 1000);
    assert_int_equal(resolver_count(), 20);
    lookup_free(NULL);
    resolver_means(two, 10000);
    lookup_free(begin());
}

static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

/* A signal is for whoever waits for it, not for a resolver. */
static void test_signals_stay_with_the_loop(void **state)
{
    (void)state;
    sigset_t set;
    sigset_t before;
    signal(SIGUSR1, catch);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    resolver_means(two, 200);
    struct lookup *lookup = begin();
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    until_done(lookup);
    assert_int_equal(caught, 0);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(caught, SIGUSR1);
    lookup_free(lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_no_such_name),
        cmocka_unit_test(test_signals_stay_with_the_loop),
        cmocka_unit_test(test_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
