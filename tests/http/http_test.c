#include "base/limits.h"
#include "base/now.h"
#include "http/http.h"
#include "tests/check.h"
#include "tests/http/rawhttp.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

/* A copy of what came. */
struct outcome {
    unsigned count;
    int status;
    bool is_cut;
    size_t body_n;
    char body[64];
    char error_type[64];
    char request_id[64];
    char date[64];
    int64_t retry_after_ms;
    char problem[256];
};

static void copy(char *ret, size_t capacity, struct str value)
{
    snprintf(ret, capacity, "%.*s", STR_ARG(str_is_absent(value) ? STR("(none)") : value));
}

static void on_done(void *context, const struct http_answer *answer)
{
    struct outcome *outcome = context;
    outcome->count++;
    outcome->status = answer->status;
    outcome->is_cut = answer->is_cut;
    outcome->body_n = answer->body.n;
    outcome->retry_after_ms = answer->retry_after_ms;
    copy(outcome->body, sizeof outcome->body, answer->body);
    copy(outcome->error_type, sizeof outcome->error_type, answer->error_type);
    copy(outcome->request_id, sizeof outcome->request_id, answer->request_id);
    copy(outcome->date, sizeof outcome->date, answer->date);
    copy(outcome->problem, sizeof outcome->problem, str_of(answer->problem));
}

static int set_up(void **state)
{
    const struct http_options options = {.connections_max = 2};
    struct http *http = NULL;
    if (http_new(&options, &http, NULL) != ERR_NONE)
        return 1;
    *state = http;
    return 0;
}

static int tear_down(void **state)
{
    http_free(*state);
    return 0;
}

static const char *url_of(unsigned port, const char *target)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, target);
    return url;
}

static enum err start(struct http *http, const char *url, struct outcome *outcome)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    const struct http_request request = {.method = "PATCH",
                                         .url = url,
                                         .headers = headers,
                                         .body = STR("{\"a\":1}"),
                                         .timeout_ms = 5000};
    *outcome = (struct outcome){0};
    return http_start(http, &request, on_done, outcome);
}

static void run_until_done(struct http *http, const struct outcome *outcome)
{
    int64_t limit = now_mono_ms() + 10000;
    while (outcome->count == 0 && now_mono_ms() < limit) {
        http_wait(http, NULL, 0, 1000);
        http_turn(http);
    }
    assert_int_equal(outcome->count, 1);
}

static void ask(struct http *http, unsigned port, struct outcome *outcome)
{
    assert_int_equal(start(http, url_of(port, "/jobs/j?namespaceId=n"), outcome), ERR_NONE);
    assert_int_equal(outcome->count, 0);
    run_until_done(http, outcome);
}

/* One step, one answer. */
static void ask_script(struct http *http, const char *answer, struct outcome *outcome)
{
    const struct rawhttp_step step = {.answer = answer};
    struct rawhttp_server *server = rawhttp_server_start(&step, 1);
    ask(http, rawhttp_server_port(server), outcome);
    rawhttp_server_stop(server);
}

static void a_request_is_sent_as_it_is(void **state)
{
    const struct rawhttp_step step = {.answer = OK_ANSWER};
    struct rawhttp_server *server = rawhttp_server_start(&step, 1);
    struct outcome outcome;
    unsigned port = rawhttp_server_port(server);
    assert_int_equal(start(*state, url_of(port, "/a/../b%3Ac?y=1&x=2"), &outcome), ERR_NONE);
    run_until_done(*state, &outcome);
    char request[RAWHTTP_BYTES];
    rawhttp_server_request(server, request);
    char host[64];
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%u\r\n", port);
    assert_true(str_starts(str_of(request), STR("PATCH /a/../b%3Ac?y=1&x=2 HTTP/1.1\r\n")));
    check_has(request, host);
    check_has(request, "\r\nContent-Type: application/json\r\n");
    check_has(request, "\r\nContent-Length: 7\r\n");
    check_has(request, "\r\n\r\n{\"a\":1}");
    assert_null(strstr(request, "Expect"));
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.body, "{}");
    rawhttp_server_stop(server);
}

static void connections_are_kept_and_reused(void **state)
{
    struct rawhttp_step steps[50];
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        steps[i] = (struct rawhttp_step){.answer = OK_ANSWER, .keep_alive = true};
    struct rawhttp_server *server = rawhttp_server_start(steps, COUNT_OF(steps));
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct outcome outcome;
        ask(*state, rawhttp_server_port(server), &outcome);
        assert_int_equal(outcome.status, 200);
    }
    assert_int_equal(rawhttp_server_connections(server), 1);
    rawhttp_server_stop(server);
}

static void the_wanted_headers_are_kept(void **state)
{
    struct outcome outcome;
    ask_script(*state,
               "HTTP/1.1 400 Bad Request\r\nX-AMZN-ERRORTYPE:  ThrottlingException: \r\n"
               "x-amzn-requestid: r-1\r\nDate: Sun, 30 Aug 2015 12:36:00 GMT\r\n"
               "Retry-After: 7\r\nContent-Length: 0\r\n\r\n",
               &outcome);
    assert_int_equal(outcome.status, 400);
    assert_string_equal(outcome.error_type, "ThrottlingException:");
    assert_string_equal(outcome.request_id, "r-1");
    assert_string_equal(outcome.date, "Sun, 30 Aug 2015 12:36:00 GMT");
    assert_int_equal(outcome.retry_after_ms, 7000);
    ask_script(*state, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &outcome);
    assert_string_equal(outcome.error_type, "(none)");
    assert_string_equal(outcome.request_id, "(none)");
    assert_int_equal(outcome.retry_after_ms, -1);
    ask_script(*state,
               "HTTP/1.1 503 No\r\nRetry-After: 7\r\nx-amz-retry-after: 1500\r\n"
               "Content-Length: 0\r\n\r\n",
               &outcome);
    assert_int_equal(outcome.retry_after_ms, 1500);
    ask_script(*state, "HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n" OK_ANSWER, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(outcome.retry_after_ms, -1);
}

/* They go on into logs, the journal and JSON. */
static void headers_with_odd_bytes_are_left_out(void **state)
{
    struct outcome outcome;
    ask_script(*state,
               "HTTP/1.1 400 No\r\nx-amzn-ErrorType: A\x1b[31m\r\nx-amzn-RequestId: r\xff\r\n"
               "Content-Length: 0\r\n\r\n",
               &outcome);
    assert_int_equal(outcome.status, 400);
    assert_string_equal(outcome.error_type, "(none)");
    assert_string_equal(outcome.request_id, "(none)");
}

static void a_long_body_is_cut(void **state)
{
    size_t n = LIMITS_ANSWER_BYTES + 100000;
    struct buf answer;
    buf_init(&answer, n + 200);
    buf_format(&answer, "HTTP/1.1 400 Bad\r\nx-amzn-ErrorType: A\r\nContent-Length: %zu\r\n\r\n",
               n);
    for (size_t i = 0; i < n; i++)
        buf_add_byte(&answer, 'a');
    struct outcome outcome;
    ask_script(*state, buf_text(&answer), &outcome);
    assert_int_equal(outcome.status, 400);
    assert_int_equal(outcome.body_n, LIMITS_ANSWER_BYTES);
    assert_true(outcome.is_cut);
    assert_string_equal(outcome.error_type, "A");
    buf_fini(&answer);
}

static void redirects_are_not_followed(void **state)
{
    struct outcome outcome;
    ask_script(*state,
               "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
               &outcome);
    assert_int_equal(outcome.status, 302);
}

static void every_way_to_get_no_answer_has_a_reason(void **state)
{
    struct outcome outcome;
    static const char *const broken[] = {
        NULL,
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        "not HTTP\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/200 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n"};
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        ask_script(*state, broken[i], &outcome);
        assert_int_equal(outcome.status, 0);
        assert_true(strlen(outcome.problem) > 0);
        assert_string_not_equal(outcome.problem, "(none)");
    }
    ask(*state, rawhttp_dead_port(), &outcome);
    assert_int_equal(outcome.status, 0);
    check_has(outcome.problem, "connect");
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "http://", "::"};
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        assert_int_equal(start(*state, urls[i], &outcome), ERR_NONE);
        run_until_done(*state, &outcome);
        assert_int_equal(outcome.status, 0);
        assert_string_not_equal(outcome.problem, "(none)");
    }
}

static void a_slow_answer_times_out(void **state)
{
    const struct rawhttp_step step = {.answer = OK_ANSWER, .delay_ms = 5000};
    struct rawhttp_server *server = rawhttp_server_start(&step, 1);
    struct outcome outcome = {0};
    const struct http_request request = {
        .method = "GET", .url = url_of(rawhttp_server_port(server), "/"), .timeout_ms = 100};
    int64_t start_ms = now_mono_ms();
    assert_int_equal(http_start(*state, &request, on_done, &outcome), ERR_NONE);
    run_until_done(*state, &outcome);
    assert_true(now_mono_ms() - start_ms < 4000);
    assert_int_equal(outcome.status, 0);
    check_has(outcome.problem, "timed out");
    rawhttp_server_stop(server);
}

static void a_proxy_in_the_environment_is_ignored(void **state)
{
    struct outcome outcome;
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", rawhttp_dead_port());
    setenv("http_proxy", proxy, 1);
    setenv("ALL_PROXY", proxy, 1);
    ask_script(*state, OK_ANSWER, &outcome);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(outcome.status, 200);
}

static void more_requests_than_connections_are_refused(void **state)
{
    const struct rawhttp_step step = {.answer = OK_ANSWER, .delay_ms = 5000};
    struct rawhttp_server *server = rawhttp_server_start(&step, 1);
    struct outcome outcomes[3];
    const char *url = url_of(rawhttp_server_port(server), "/");
    assert_int_equal(start(*state, url, &outcomes[0]), ERR_NONE);
    assert_int_equal(start(*state, url, &outcomes[1]), ERR_NONE);
    assert_int_equal(start(*state, url, &outcomes[2]), ERR_FULL);
    http_drop(*state, &outcomes[0]);
    assert_int_equal(start(*state, url, &outcomes[2]), ERR_NONE);
    http_turn(*state);
    http_drop(*state, &outcomes[1]);
    http_drop(*state, &outcomes[2]);
    http_turn(*state);
    for (size_t i = 0; i < COUNT_OF(outcomes); i++)
        assert_int_equal(outcomes[i].count, 0);
    rawhttp_server_stop(server);
}

static void freeing_drops_what_is_under_way(void **state)
{
    (void)state;
    const struct http_options options = {.connections_max = 1};
    const struct rawhttp_step step = {.answer = OK_ANSWER, .delay_ms = 5000};
    struct rawhttp_server *server = rawhttp_server_start(&step, 1);
    struct http *http = NULL;
    struct outcome outcome;
    assert_int_equal(http_new(&options, &http, NULL), ERR_NONE);
    assert_int_equal(start(http, url_of(rawhttp_server_port(server), "/"), &outcome), ERR_NONE);
    http_turn(http);
    http_free(http);
    assert_int_equal(outcome.count, 0);
    rawhttp_server_stop(server);
}

struct again {
    struct http *http;
    unsigned port;
    struct outcome outcome;
};

static void ask_again(void *context, const struct http_answer *answer)
{
    struct again *again = context;
    assert_int_equal(answer->status, 200);
    assert_int_equal(start(again->http, url_of(again->port, "/"), &again->outcome), ERR_NONE);
    assert_int_equal(again->outcome.count, 0);
}

static void an_answer_may_start_the_next_request(void **state)
{
    const struct rawhttp_step steps[] = {{.answer = OK_ANSWER, .keep_alive = true},
                                         {.answer = OK_ANSWER}};
    struct rawhttp_server *server = rawhttp_server_start(steps, COUNT_OF(steps));
    struct again again = {.http = *state, .port = rawhttp_server_port(server)};
    const struct http_request request = {
        .method = "GET", .url = url_of(again.port, "/"), .timeout_ms = 5000};
    assert_int_equal(http_start(*state, &request, ask_again, &again), ERR_NONE);
    run_until_done(*state, &again.outcome);
    assert_int_equal(again.outcome.status, 200);
    rawhttp_server_stop(server);
}

static void methods_follow_each_other_on_one_handle(void **state)
{
    static const char *const methods[] = {"HEAD", "PATCH", "GET", "DELETE", "HEAD", "PUT"};
    struct rawhttp_step steps[COUNT_OF(methods)];
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        steps[i] =
            (struct rawhttp_step){.keep_alive = true,
                                  .answer = strcmp(methods[i], "HEAD") == 0
                                                ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                                                : OK_ANSWER};
    struct rawhttp_server *server = rawhttp_server_start(steps, COUNT_OF(steps));
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        bool has_body = methods[i][0] == 'P';
        struct outcome outcome = {0};
        const struct http_request request = {.method = methods[i],
                                             .url = url_of(rawhttp_server_port(server), "/"),
                                             .body = has_body ? STR("{}") : STR_NONE,
                                             .timeout_ms = 5000};
        assert_int_equal(http_start(*state, &request, on_done, &outcome), ERR_NONE);
        run_until_done(*state, &outcome);
        assert_int_equal(outcome.status, 200);
        assert_int_equal(outcome.body_n, strcmp(methods[i], "HEAD") == 0 ? 0 : 2);
        char sent[RAWHTTP_BYTES];
        rawhttp_server_request(server, sent);
        assert_true(str_starts(str_of(sent), str_of(methods[i])));
        assert_int_equal(strstr(sent, "\r\nContent-Length: 2\r\n") != NULL, has_body);
    }
    rawhttp_server_stop(server);
}

static void waiting_ends_with_the_callers_descriptor(void **state)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    assert_true(fd >= 0);
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    http_wait(*state, &poll_fd, 1, 0);
    assert_int_equal(poll_fd.revents, 0);
    assert_int_equal(eventfd_write(fd, 1), 0);
    int64_t start_ms = now_mono_ms();
    http_wait(*state, &poll_fd, 1, 5000);
    assert_true(now_mono_ms() - start_ms < 4000);
    assert_int_equal(poll_fd.revents, POLLIN);
    poll_fd.events = POLLOUT;
    http_wait(*state, &poll_fd, 1, 5000);
    assert_int_equal(poll_fd.revents, POLLOUT);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_is_sent_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connections_are_kept_and_reused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_wanted_headers_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_with_odd_bytes_are_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_body_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(redirects_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_way_to_get_no_answer_has_a_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_answer_times_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_proxy_in_the_environment_is_ignored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_requests_than_connections_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test(freeing_drops_what_is_under_way),
        cmocka_unit_test_setup_teardown(an_answer_may_start_the_next_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(methods_follow_each_other_on_one_handle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_ends_with_the_callers_descriptor, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
