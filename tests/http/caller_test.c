#include "base/limits.h"
#include "base/now.h"
#include "http/caller.h"
#include "http/sigv4_verify.h"
#include "tests/check.h"
#include "tests/http/rawhttp.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The last reply, copied. */
struct outcome {
    unsigned count;
    uint64_t id;
    enum fault fault;
    enum fault_class class;
    int http_status;
    int64_t retry_after_ms;
    char message[WHY_TEXT_MAX];
    char request_id[64];
};

struct fixture {
    struct http *http;
    struct credentials *credentials;
    struct caller *caller;
    struct outcome outcome;
    struct caller_stats stats; /* to count on from */
};

static void on_reply(void *context, const struct reply *reply)
{
    struct outcome *outcome = context;
    outcome->count++;
    outcome->id = reply->id;
    outcome->fault = reply->fault;
    outcome->class = reply->class;
    outcome->http_status = reply->http_status;
    outcome->retry_after_ms = reply->retry_after_ms;
    snprintf(outcome->message, sizeof outcome->message, "%.*s", STR_ARG(reply->message));
    snprintf(outcome->request_id, sizeof outcome->request_id, "%.*s", STR_ARG(reply->request_id));
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    *state = &fixture;
    const struct http_options options = {.connections_max = 4};
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
    unsetenv("AWS_SESSION_TOKEN");
    unsetenv("AWS_SECURITY_TOKEN");
    return http_new(&options, &fixture.http, NULL) != ERR_NONE ||
           credentials_new(CREDENTIALS_ENVIRONMENT, NULL, &fixture.credentials, NULL) != ERR_NONE;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    caller_free(fixture->caller);
    credentials_free(fixture->credentials);
    http_free(fixture->http);
    return 0;
}

static void open_caller(struct fixture *fixture, unsigned port)
{
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", port);
    const struct caller_options options = {.endpoint = endpoint,
                                           .region = "us-east-1",
                                           .timeout_ms = 5000,
                                           .context = &fixture->outcome,
                                           .on_reply = on_reply,
                                           .stats = fixture->stats};
    caller_free(fixture->caller);
    fixture->caller = NULL;
    assert_int_equal(
        caller_new(fixture->http, fixture->credentials, &options, &fixture->caller, NULL),
        ERR_NONE);
}

static void start_call(struct fixture *fixture)
{
    const struct call call = {.id = 7,
                              .job = STR("job-1"),
                              .namespace = STR("my-ns"),
                              .body = STR("{\"description\":\"hello\"}")};
    fixture->outcome = (struct outcome){0};
    assert_int_equal(caller_call(fixture->caller, &call), ERR_NONE);
    assert_int_equal(fixture->outcome.count, 0);
}

static void run_until_reply(struct fixture *fixture)
{
    int64_t limit = now_mono_ms() + 10000;
    while (fixture->outcome.count == 0 && now_mono_ms() < limit) {
        http_wait(fixture->http, NULL, 0, caller_is_due(fixture->caller) ? 0 : 1000);
        http_turn(fixture->http);
        caller_turn(fixture->caller);
    }
    assert_int_equal(fixture->outcome.count, 1);
    assert_int_equal(fixture->outcome.id, 7);
}

static void call_script(struct fixture *fixture, const char *answer)
{
    const struct rawhttp_step step = {.answer = answer};
    struct rawhttp_server *server = rawhttp_server_start(&step, 1);
    open_caller(fixture, rawhttp_server_port(server));
    start_call(fixture);
    run_until_reply(fixture);
    rawhttp_server_stop(server);
}

static const struct {
    const char *answer;
    enum fault fault;
    enum fault_class class;
    int http_status;
    const char *message;
    const char *request_id;
    int64_t retry_after_ms;
} scripts[] = {
    {"HTTP/1.1 200 OK\r\nx-amzn-RequestId: r-1\r\nContent-Length: 0\r\n\r\n", FAULT_OK, FAULT_NONE,
     200, "", "r-1", -1},
    {"HTTP/1.1 400 Bad Request\r\nx-amzn-ErrorType: ThrottlingException:\r\n"
     "x-amzn-RequestId: r-2\r\nRetry-After: 2\r\nContent-Length: 27\r\n\r\n"
     "{\"message\":\"Rate exceeded\"}",
     FAULT_THROTTLING, FAULT_THROTTLED, 400, "Rate exceeded", "r-2", 2000},
    {"HTTP/1.1 404 Not Found\r\nx-amzn-ErrorType: ResourceNotFoundException\r\n"
     "Content-Length: 16\r\n\r\n{\"Message\":\"no\"}",
     FAULT_RESOURCE_NOT_FOUND, FAULT_PERMANENT, 404, "no", "", -1},
    {"HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n"
     "{\"Output\":{\"__type\":\"ThrottlingException\"}} ",
     FAULT_THROTTLING, FAULT_THROTTLED, 200, "", "", -1},
    {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", FAULT_UNKNOWN, FAULT_TRANSIENT, 503, "", "",
     -1},
};

static void every_answer_becomes_its_reply(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        call_script(fixture, scripts[i].answer);
        assert_int_equal(fixture->outcome.fault, scripts[i].fault);
        assert_int_equal(fixture->outcome.class, scripts[i].class);
        assert_int_equal(fixture->outcome.http_status, scripts[i].http_status);
        assert_int_equal(fixture->outcome.retry_after_ms, scripts[i].retry_after_ms);
        assert_string_equal(fixture->outcome.message, scripts[i].message);
        assert_string_equal(fixture->outcome.request_id, scripts[i].request_id);
    }
}

/* However they end, and on from what an earlier caller has counted. */
static void calls_are_counted(void **state)
{
    struct fixture *fixture = *state;
    struct caller_stats *stats = &fixture->stats;
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        call_script(fixture, scripts[i].answer);
        *stats = *caller_stats(fixture->caller);
        assert_int_equal(histogram_total(&stats->latency), i + 1);
    }
    assert_int_equal(stats->ended[FAULT_NONE], 1);
    assert_int_equal(stats->ended[FAULT_THROTTLED], 2);
    assert_int_equal(stats->ended[FAULT_PERMANENT], 1);
    assert_int_equal(stats->ended[FAULT_TRANSIENT], 1);
    assert_int_equal(stats->described, 0);
    open_caller(fixture, rawhttp_dead_port());
    const struct call question = {.id = 7, .job = STR("job-1"), .body = STR("{}")};
    fixture->outcome = (struct outcome){0};
    assert_int_equal(caller_describe(fixture->caller, &question), ERR_NONE);
    run_until_reply(fixture);
    assert_int_equal(caller_stats(fixture->caller)->described, 1);
    assert_int_equal(caller_stats(fixture->caller)->ended[FAULT_TRANSIENT], 2);
    assert_int_equal(histogram_total(&caller_stats(fixture->caller)->latency), 6);
}

static void no_answer_is_a_transport_fault(void **state)
{
    struct fixture *fixture = *state;
    open_caller(fixture, rawhttp_dead_port());
    start_call(fixture);
    run_until_reply(fixture);
    assert_int_equal(fixture->outcome.fault, FAULT_TRANSPORT);
    assert_int_equal(fixture->outcome.class, FAULT_TRANSIENT);
    assert_int_equal(fixture->outcome.http_status, 0);
    assert_true(strlen(fixture->outcome.message) > 0);
}

/* The endpoint that checks signatures as AWS does. */
struct checker {
    struct credential credential;
    int64_t clock_ahead_s;
    struct why why;
    char seen[512];
};

static void check_request(void *context, const struct server_request *request,
                          struct server_response *response)
{
    struct checker *checker = context;
    const struct sigv4_verify_options options = {.credential = &checker->credential,
                                                 .region = STR("us-east-1"),
                                                 .now_s =
                                                     now_wall_ms() / 1000 + checker->clock_ahead_s};
    enum fault fault = sigv4_verify(request, &options, &checker->why);
    snprintf(checker->seen, sizeof checker->seen, "%s %.*s?%.*s %.*s %.*s", request->method,
             STR_ARG(request->path), STR_ARG(request->query),
             STR_ARG(server_header(request, "content-type")), STR_ARG(request->body));
    if (fault == FAULT_OK)
        return;
    response->status = fault_http_status(fault);
    server_response_header(response, "x-amzn-ErrorType", str_of(fault_name(fault)));
    char date[64];
    time_t now = (time_t)options.now_s;
    struct tm utc;
    (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &utc));
    server_response_header(response, "Date", str_of(date));
}

static struct server *start_checker(struct checker *checker)
{
    struct server *server = NULL;
    const struct server_options options = {.listen = "127.0.0.1:0",
                                           .body_bytes_max = 4096,
                                           .connections_max = 4,
                                           .idle_timeout_s = 5,
                                           .handle = check_request,
                                           .context = checker};
    snprintf(checker->credential.access_key, sizeof checker->credential.access_key, "%s",
             getenv("AWS_ACCESS_KEY_ID"));
    snprintf(checker->credential.secret_key, sizeof checker->credential.secret_key, "%s",
             getenv("AWS_SECRET_ACCESS_KEY"));
    assert_int_equal(server_start(&options, &server, NULL), ERR_NONE);
    return server;
}

static void calls_are_signed_so_that_they_verify(void **state)
{
    struct fixture *fixture = *state;
    struct checker checker = {0};
    struct server *server = start_checker(&checker);
    open_caller(fixture, server_port(server));
    start_call(fixture);
    run_until_reply(fixture);
    assert_string_equal(checker.why.text, "");
    assert_int_equal(fixture->outcome.class, FAULT_NONE);
    assert_string_equal(checker.seen, "PATCH /jobs/job-1?namespaceId=my-ns application/json "
                                      "{\"description\":\"hello\"}");
    server_stop(server);
}

static void refused_keys_are_read_again(void **state)
{
    struct fixture *fixture = *state;
    struct checker checker = {0};
    struct server *server = start_checker(&checker);
    memcpy(checker.credential.token, "fresh", sizeof "fresh");
    setenv("AWS_SESSION_TOKEN", "stale", 1);
    open_caller(fixture, server_port(server));
    start_call(fixture);
    run_until_reply(fixture);
    assert_int_equal(fixture->outcome.fault, FAULT_UNRECOGNIZED_CLIENT);
    assert_int_equal(fixture->outcome.class, FAULT_CREDENTIALS);
    setenv("AWS_SESSION_TOKEN", "fresh", 1);
    start_call(fixture);
    run_until_reply(fixture);
    assert_int_equal(fixture->outcome.class, FAULT_NONE);
    unsetenv("AWS_SESSION_TOKEN");
    server_stop(server);
}

static void a_wrong_clock_is_made_up_for(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t ahead_s[] = {-7200, 86400};
    for (size_t i = 0; i < COUNT_OF(ahead_s); i++) {
        struct checker checker = {.clock_ahead_s = ahead_s[i]};
        struct server *server = start_checker(&checker);
        open_caller(fixture, server_port(server));
        start_call(fixture);
        run_until_reply(fixture);
        assert_int_equal(fixture->outcome.fault, FAULT_INVALID_SIGNATURE);
        start_call(fixture);
        run_until_reply(fixture);
        assert_int_equal(fixture->outcome.class, FAULT_NONE);
        server_stop(server);
    }
}

static void without_credentials_the_reply_comes_later(void **state)
{
    struct fixture *fixture = *state;
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    open_caller(fixture, rawhttp_dead_port());
    assert_false(caller_is_due(fixture->caller));
    start_call(fixture);
    assert_true(caller_is_due(fixture->caller));
    run_until_reply(fixture);
    assert_false(caller_is_due(fixture->caller));
    assert_int_equal(fixture->outcome.class, FAULT_CREDENTIALS);
    assert_int_equal(fixture->outcome.http_status, 0);
    check_has(fixture->outcome.message, "no AWS credentials");
    const struct caller_stats *stats = caller_stats(fixture->caller);
    assert_int_equal(stats->ended[FAULT_CREDENTIALS], 1);
    assert_int_equal(histogram_total(&stats->latency), 0); /* it was never sent */
}

static void freeing_drops_what_is_under_way(void **state)
{
    struct fixture *fixture = *state;
    const struct rawhttp_step step = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    struct rawhttp_server *server = rawhttp_server_start(&step, 1);
    open_caller(fixture, rawhttp_server_port(server));
    start_call(fixture);
    http_turn(fixture->http);
    caller_free(fixture->caller);
    fixture->caller = NULL;
    for (int i = 0; i < 5; i++) {
        http_wait(fixture->http, NULL, 0, 10);
        http_turn(fixture->http);
    }
    assert_int_equal(fixture->outcome.count, 0);
    rawhttp_server_stop(server);
}

static void what_is_no_id_never_reaches_a_url(void **state)
{
    struct fixture *fixture = *state;
    char too_long[LIMITS_JOB_ID + 2] = "";
    memset(too_long, 'a', LIMITS_JOB_ID + 1);
    const char *const bad[] = {"",     "a/b",    "a?b",      "a b",   "..",
                               "a%2f", "a\r\nb", "\xc3\xa9", too_long};
    open_caller(fixture, rawhttp_dead_port());
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct call call = {.id = 1, .job = str_of(bad[i]), .body = STR("{}")};
        assert_int_equal(caller_call(fixture->caller, &call), ERR_INVALID);
        call =
            (struct call){.id = 1, .job = STR("a"), .namespace = str_of(bad[i]), .body = STR("{}")};
        assert_int_equal(caller_call(fixture->caller, &call), ERR_INVALID);
    }
}

static void a_caller_needs_a_good_endpoint_and_region(void **state)
{
    struct fixture *fixture = *state;
    struct caller_options options = {.endpoint = "http://example.com", .region = "us-east-1"};
    struct why why;
    assert_int_equal(
        caller_new(fixture->http, fixture->credentials, &options, &fixture->caller, &why),
        ERR_INVALID);
    check_has(why.text, "only to this machine");
    options.endpoint = "https://example.com";
    options.region = "nowhere/else";
    assert_int_equal(
        caller_new(fixture->http, fixture->credentials, &options, &fixture->caller, &why),
        ERR_INVALID);
    check_has(why.text, "expected a region");
    assert_null(fixture->caller);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_answer_becomes_its_reply, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_answer_is_a_transport_fault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_are_signed_so_that_they_verify, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_keys_are_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_clock_is_made_up_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_credentials_the_reply_comes_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(freeing_drops_what_is_under_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_id_never_reaches_a_url, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_caller_needs_a_good_endpoint_and_region, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
