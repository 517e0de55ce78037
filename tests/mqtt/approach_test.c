/* From a host name to a connected socket: every way that may go. */
#include "base/now.h"
#include "mqtt/approach.h"
#include "tests/fakes/broker_deaf.h"
#include "tests/fakes/broker_process.h"
#include "tests/mqtt/resolver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define LIMIT_MS 1000

static struct approach approach;
static struct broker_url url;
static struct why why;
static int good_fd = -1; /* listens on 127.0.0.1, url.port */
static int got_fd = -1;

static void listen_well(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    good_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(good_fd, (struct sockaddr *)&address, n), 0);
    assert_int_equal(listen(good_fd, 8), 0);
    assert_int_equal(getsockname(good_fd, (struct sockaddr *)&address, &n), 0);
    url.port = ntohs(address.sin_port);
}

static void go_to(const char *host)
{
    snprintf(url.host, sizeof url.host, "%s", host);
    why = (struct why){0};
    assert_int_equal(approach_start(&approach, now_mono_ms(), LIMIT_MS, &why), ERR_NONE);
}

/* One step whenever one is asked for. */
static enum approach_state go_on(void)
{
    enum approach_state state;
    int64_t end_ms = now_mono_ms() + 5000;
    do {
        assert_true(now_mono_ms() < end_ms);
        int64_t left_ms = approach_due_ms(&approach) - now_mono_ms();
        struct pollfd fd = {.fd = approach_fd(&approach), .events = POLLIN};
        poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);
        state = approach_turn(&approach, now_mono_ms(), &got_fd, &why);
    } while (state == APPROACH_UNDER_WAY);
    assert_false(approach_is_under_way(&approach));
    assert_int_equal(approach_fd(&approach), -1);
    return state;
}

static void assert_peer(const char *address)
{
    struct sockaddr_in peer;
    socklen_t n = sizeof peer;
    assert_int_equal(getpeername(got_fd, (struct sockaddr *)&peer, &n), 0);
    assert_string_equal(inet_ntoa(peer.sin_addr), address);
    assert_int_equal(ntohs(peer.sin_port), url.port);
}

static void assert_failure(const char *words)
{
    assert_int_equal(go_on(), APPROACH_FAILED);
    assert_int_equal(got_fd, -1);
    if (strstr(why.text, words) == NULL)
        fail_msg("%s: expected %s", why.text, words);
}

static void test_an_address(void **state)
{
    (void)state;
    listen_well();
    go_to("127.0.0.1");
    assert_int_equal(approach_turn(&approach, now_mono_ms(), &got_fd, &why), APPROACH_ARRIVED);
    assert_peer("127.0.0.1");
    assert_int_equal(fcntl(got_fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_int_equal(fcntl(got_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_false(approach_is_under_way(&approach));
}

static void test_an_address_of_ipv6(void **state)
{
    (void)state;
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t n = sizeof address;
    good_fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (good_fd < 0 || bind(good_fd, (struct sockaddr *)&address, n) != 0)
        skip(); /* this machine has none */
    assert_int_equal(listen(good_fd, 8), 0);
    assert_int_equal(getsockname(good_fd, (struct sockaddr *)&address, &n), 0);
    url.port = ntohs(address.sin6_port);
    go_to("[::1]");
    assert_int_equal(go_on(), APPROACH_ARRIVED);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.3", "127.0.0.2", NULL};
    url.port = broker_process_free_port();
    char expected[96];
    go_to("127.0.0.1");
    snprintf(expected, sizeof expected, "no connection to 127.0.0.1 port %d: Connection refused",
             url.port);
    assert_failure(expected);
    resolver_means(addresses, 0);
    go_to("two.example");
    snprintf(expected, sizeof expected, "no connection to two.example port %d: Connection refused",
             url.port);
    assert_failure(expected);
}

static void test_no_such_name(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    resolver_means(none, 0);
    go_to("none.example");
    assert_failure("host name none.example cannot be resolved: Name or service not known");
}

static void test_deaf(void **state)
{
    (void)state;
    struct broker_deaf deaf;
    broker_deaf_init(&deaf, "127.0.0.1", 0);
    url.port = deaf.port;
    int64_t start_ms = now_mono_ms();
    go_to("127.0.0.1");
    assert_failure("no answer in time");
    assert_in_range(now_mono_ms() - start_ms, LIMIT_MS, LIMIT_MS + 200);
    broker_deaf_fini(&deaf);
}

/* The second one is tried when the first has had its time, or as soon as it has failed. */
static void test_the_second_address_is_good(void **state)
{
    (void)state;
    static const char *const deaf_first[] = {"127.0.0.2", "127.0.0.1", NULL};
    static const char *const closed_first[] = {"127.0.0.3", "127.0.0.1", NULL};
    struct broker_deaf deaf;
    listen_well();
    broker_deaf_init(&deaf, "127.0.0.2", url.port);
    resolver_means(deaf_first, 0);
    int64_t start_ms = now_mono_ms();
    go_to("two.example");
    assert_int_equal(go_on(), APPROACH_ARRIVED);
    assert_in_range(now_mono_ms() - start_ms, APPROACH_STEP_MS, APPROACH_STEP_MS + 200);
    assert_peer("127.0.0.1");
    close(got_fd);
    resolver_means(closed_first, 0);
    start_ms = now_mono_ms();
    go_to("two.example");
    assert_int_equal(go_on(), APPROACH_ARRIVED);
    assert_true(now_mono_ms() - start_ms < APPROACH_STEP_MS);
    assert_peer("127.0.0.1");
    broker_deaf_fini(&deaf);
}

/* The first one is not given up for being slow: it may answer while the second is tried. */
static void test_the_first_address_answers_late(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.3", NULL};
    struct broker_deaf slow;
    struct broker_deaf deaf;
    broker_deaf_init(&slow, "127.0.0.2", 0);
    broker_deaf_init(&deaf, "127.0.0.3", slow.port);
    url.port = slow.port;
    resolver_means(addresses, 0);
    snprintf(url.host, sizeof url.host, "late.example");
    assert_int_equal(approach_start(&approach, now_mono_ms(), 4000, &why), ERR_NONE);
    for (int64_t end_ms = now_mono_ms() + 400; now_mono_ms() < end_ms; usleep(10 * 1000))
        assert_int_equal(approach_turn(&approach, now_mono_ms(), &got_fd, &why),
                         APPROACH_UNDER_WAY);
    assert_int_equal(approach.begun, 2);
    for (int i = 0; i < BROKER_DEAF_FILL; i++)
        close(slow.fill[i]);
    close(accept(slow.listen_fd, NULL, NULL)); /* there is room: the next SYN gets through */
    assert_int_equal(go_on(), APPROACH_ARRIVED);
    assert_peer("127.0.0.2");
    close(slow.listen_fd);
    broker_deaf_fini(&deaf);
}

/* More than are tried at all, the family that may not work at their head. */
static void test_families_take_turns(void **state)
{
    (void)state;
    static const char *const addresses[] = {"::1",       "::2",       "::3",       "::4",
                                            "::5",       "::6",       "::7",       "::8",
                                            "127.0.0.1", "127.0.0.2", "127.0.0.3", NULL};
    static const int expected[] = {AF_INET6, AF_INET, AF_INET6, AF_INET,
                                   AF_INET6, AF_INET, AF_INET6, AF_INET6};
    listen_well();
    resolver_means(addresses, 0);
    go_to("many.example");
    struct pollfd fd = {.fd = approach_fd(&approach), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 1000), 1);
    enum approach_state now = approach_turn(&approach, now_mono_ms(), &got_fd, &why);
    if (now == APPROACH_UNDER_WAY)
        now = go_on();
    assert_int_equal(now, APPROACH_ARRIVED);
    assert_peer("127.0.0.1");
    for (size_t i = 0; i < LIMITS_BROKER_ADDRESSES; i++)
        assert_int_equal(approach.tries[i].address.ss_family, expected[i]);
}

/* It is not asked again: the next attempt gets what it is about to say. */
static void test_a_resolver_that_takes_too_long(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.1", NULL};
    listen_well();
    resolver_means(addresses, LIMIT_MS + 300);
    int64_t start_ms = now_mono_ms();
    go_to("slow.example");
    assert_failure("host name slow.example cannot be resolved: no answer in time");
    assert_in_range(now_mono_ms() - start_ms, LIMIT_MS, LIMIT_MS + 200);
    go_to("slow.example");
    assert_int_equal(go_on(), APPROACH_ARRIVED);
    assert_in_range(now_mono_ms() - start_ms, LIMIT_MS + 300, LIMIT_MS + 500);
    assert_int_equal(resolver_count(), 1);
}

/* The time that resolving took is not missing for connecting. */
static void test_a_resolver_that_takes_nearly_all_the_time(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.1", NULL};
    struct broker_deaf deaf;
    listen_well();
    broker_deaf_init(&deaf, "127.0.0.2", url.port);
    resolver_means(addresses, LIMIT_MS - 100);
    go_to("slow.example");
    assert_int_equal(go_on(), APPROACH_ARRIVED);
    broker_deaf_fini(&deaf);
}

static void test_stopped(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.1", NULL};
    struct broker_deaf deaf;
    broker_deaf_init(&deaf, "127.0.0.1", 0);
    url.port = deaf.port;
    go_to("127.0.0.1");
    assert_int_equal(approach_turn(&approach, now_mono_ms(), &got_fd, &why), APPROACH_UNDER_WAY);
    approach_stop(&approach);
    assert_false(approach_is_under_way(&approach));
    resolver_means(addresses, 1000);
    go_to("slow.example");
    int64_t start_ms = now_mono_ms();
    approach_stop(&approach);
    approach_fini(&approach);
    assert_true(now_mono_ms() - start_ms < 100);
    broker_deaf_fini(&deaf);
}

static int set_up(void **state)
{
    (void)state;
    resolver_means(NULL, 0);
    approach_init(&approach, &url);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    approach_fini(&approach);
    if (got_fd >= 0)
        close(got_fd);
    if (good_fd >= 0)
        close(good_fd);
    got_fd = good_fd = -1;
    return 0;
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_an_address),
        UNIT(test_an_address_of_ipv6),
        UNIT(test_refused),
        UNIT(test_no_such_name),
        UNIT(test_deaf),
        UNIT(test_the_second_address_is_good),
        UNIT(test_the_first_address_answers_late),
        UNIT(test_families_take_turns),
        UNIT(test_a_resolver_that_takes_too_long),
        UNIT(test_a_resolver_that_takes_nearly_all_the_time),
        UNIT(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
