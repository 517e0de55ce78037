/* Streams over real sockets: readers that come, stay, read slowly and go. */
#include "base/limits.h"
#include "base/now.h"
#include "http/stream.h"
#include "tests/check.h"
#include "tests/http/rawhttp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 30000
#define LINE_BYTES  (64 * 1024)

static _Atomic unsigned ticks;
static _Atomic unsigned watchers;
static _Atomic unsigned tick_every_ms;
static _Atomic bool says_much;
static struct server *server;
static char text[RAWHTTP_BYTES];

static int64_t tick(void *context, struct stream_set *streams)
{
    (void)context;
    static char much[LINE_BYTES];
    char line[64];
    unsigned number = ++ticks;
    watchers = streams->count;
    snprintf(line, sizeof line, "data: tick %u.\n\n", number);
    stream_send(streams, str_of(line));
    memset(much, 'x', sizeof much);
    if (says_much)
        stream_send(streams, (struct str){much, sizeof much});
    return tick_every_ms;
}

static void handle(void *context, const struct server_request *request,
                   struct server_response *response)
{
    (void)context;
    if (str_eq_text(request->path, "/other")) {
        buf_add_text(&response->body, "{}");
        return;
    }
    if (stream_open(request, response) != ERR_NONE) {
        response->status = 503;
        return;
    }
    stream_begin_event(&response->body, "7", "hello");
    buf_add_text(&response->body, "{}");
    stream_end_event(&response->body);
    if (str_eq_text(request->path, "/too-much"))
        assert_null(buf_reserve(&response->body, SERVER_ANSWER_BYTES));
}

static int set_up(void **state)
{
    (void)state;
    const struct server_options options = {
        .listen = "127.0.0.1:0",
        .connections_max = 64,
        .idle_timeout_s = 1,
        .handle = handle,
        .tick = tick,
    };
    ticks = 0;
    watchers = 0;
    tick_every_ms = 20;
    says_much = false;
    return server_start(&options, &server, NULL) == ERR_NONE ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    server_stop(server);
    return 0;
}

static int watch(const char *path)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)server_port(server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_true(dprintf(fd, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path) > 0);
    return fd;
}

/* Reads into text until the words are there, or to the end where there are none to look for. */
static bool read_until(int fd, const char *words)
{
    size_t n = 0;
    text[0] = '\0';
    while (words == NULL || strstr(text, words) == NULL) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (n + 1 == sizeof text)
            n = 0; /* only its end matters */
        if (poll(&wait, 1, PATIENCE_MS) != 1)
            fail_msg("waited in vain for %s", words != NULL ? words : "the end");
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (got <= 0)
            return words == NULL;
        n += (size_t)got;
        text[n] = '\0';
    }
    return true;
}

static void wait_for_watchers(unsigned count)
{
    for (int64_t end_ms = now_mono_ms() + PATIENCE_MS; watchers != count;) {
        if (now_mono_ms() > end_ms)
            fail_msg("%u watch, not %u", watchers, count);
        usleep(5000);
    }
}

/* No tick comes any more. */
static void fall_asleep(void)
{
    unsigned before;
    tick_every_ms = 600000;
    server_wake(server);
    do {
        before = ticks;
        usleep(200000);
    } while (ticks != before);
}

static void a_stream_begins_at_once_and_goes_on(void **state)
{
    (void)state;
    int fd = watch("/events");
    assert_true(read_until(fd, "tick "));
    check_has(text, "HTTP/1.1 200 ");
    check_has(text, "\r\nContent-Type: text/event-stream\r\n");
    check_has(text, "id: 7\nevent: hello\ndata: {}\n\n");
    unsigned seen = ticks;
    char words[64];
    snprintf(words, sizeof words, "tick %u.", seen + 5);
    assert_true(read_until(fd, words));
    close(fd);
    wait_for_watchers(0);
}

/* With nothing to tell the server sleeps: it does not ask the stream again and again. */
static void a_silent_stream_costs_nothing(void **state)
{
    (void)state;
    int fd = watch("/events");
    assert_true(read_until(fd, "tick "));
    fall_asleep();
    unsigned before = ticks;
    struct timespec used[2];
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used[0]);
    usleep(500000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used[1]);
    int64_t used_ms =
        (used[1].tv_sec - used[0].tv_sec) * 1000 + (used[1].tv_nsec - used[0].tv_nsec) / 1000000;
    assert_int_equal(ticks, before);
    assert_true(used_ms < 250);
    server_wake(server);
    char words[64];
    snprintf(words, sizeof words, "tick %u.", before + 1);
    assert_true(read_until(fd, words));
    close(fd);
}

static void no_more_are_open_than_may(void **state)
{
    (void)state;
    int fds[LIMITS_STREAMS];
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        fds[i] = watch("/events");
        assert_true(read_until(fds[i], "tick "));
    }
    static const char request[] = "GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    static const char other[] = "GET /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_int_equal(rawhttp_exchange(server_port(server), request, strlen(request), text), 503);
    assert_int_equal(rawhttp_exchange(server_port(server), other, strlen(other), text), 200);
    close(fds[0]);
    wait_for_watchers(LIMITS_STREAMS - 1);
    fds[0] = watch("/events");
    assert_true(read_until(fds[0], "tick "));
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        close(fds[i]);
    wait_for_watchers(0);
}

/* One that does not read is hung up on; the others go on meanwhile. */
static void a_reader_that_is_too_slow_is_dropped(void **state)
{
    (void)state;
    int slow = watch("/events");
    wait_for_watchers(1);
    says_much = true;
    int quick = watch("/events");
    wait_for_watchers(2);
    for (unsigned i = 0; i < 400 || watchers == 2; i++) {
        struct pollfd wait = {.fd = quick, .events = POLLIN};
        assert_true(poll(&wait, 1, PATIENCE_MS) == 1);
        assert_true(recv(quick, text, sizeof text - 1, 0) > 0);
    }
    says_much = false;
    assert_true(read_until(slow, NULL));
    assert_true(read_until(quick, "tick "));
    close(slow);
    close(quick);
}

static void head_is_answered_without_a_stream(void **state)
{
    (void)state;
    static const char request[] = "HEAD /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_int_equal(rawhttp_exchange(server_port(server), request, strlen(request), text), 200);
    check_has(text, "text/event-stream");
    assert_null(strstr(text, "hello"));
    wait_for_watchers(0);
}

static void a_first_answer_that_is_too_large_is_a_500(void **state)
{
    (void)state;
    static const char request[] = "GET /too-much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_int_equal(rawhttp_exchange(server_port(server), request, strlen(request), text), 500);
    wait_for_watchers(0);
}

static void a_stop_ends_streams_that_sleep(void **state)
{
    (void)state;
    int fd = watch("/events");
    assert_true(read_until(fd, "tick "));
    fall_asleep();
    server_stop(server);
    server = NULL;
    assert_true(read_until(fd, NULL));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stream_begins_at_once_and_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_silent_stream_costs_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_more_are_open_than_may, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_that_is_too_slow_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(head_is_answered_without_a_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_first_answer_that_is_too_large_is_a_500, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stop_ends_streams_that_sleep, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
