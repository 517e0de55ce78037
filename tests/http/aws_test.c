#include "base/limits.h"
#include "base/now.h"
#include "http/aws.h"
#include "http/sigv4_verify.h"
#include "tests/check.h"
#include "tests/http/rawhttp.h"

#include <stdio.h>
#include <stdlib.h>

#define LONG_ANSWER ((size_t)100 * 1024)

struct fixture {
    struct server *server;
    struct http *http;
    struct credentials *credentials;
    struct aws *aws;
    struct credential known;
    enum fault fault; /* what the server thought of the signature */
    char seen[256];
    unsigned answers;
    uint64_t last_id;
    enum fault_class class;
    size_t body_n;
};

static void on_request(void *context, const struct server_request *request,
                       struct server_response *response)
{
    struct fixture *fixture = context;
    const struct sigv4_verify_options options = {
        .credential = &fixture->known, .region = STR("eu-west-1"), .now_s = now_wall_ms() / 1000};
    fixture->fault = sigv4_verify(request, &options, NULL);
    snprintf(fixture->seen, sizeof fixture->seen, "%s %.*s?%.*s [%.*s] %.*s", request->method,
             STR_ARG(request->path), STR_ARG(request->query),
             STR_ARG(server_header(request, "content-type")), STR_ARG(request->body));
    buf_add_byte(&response->body, '"');
    while (str_ends(request->path, STR("/long")) && response->body.n < LONG_ANSWER - 1)
        buf_add_byte(&response->body, 'a');
    buf_add_byte(&response->body, '"');
    if (response->body.n == 2)
        buf_clear(&response->body);
}

static void on_answer(void *context, const struct aws_answer *answer)
{
    struct fixture *fixture = context;
    fixture->answers++;
    fixture->last_id = answer->id;
    fixture->class = answer->class;
    fixture->body_n = answer->body.n;
}

static int open_aws(struct fixture *fixture)
{
    char text[64];
    struct endpoint endpoint;
    snprintf(text, sizeof text, "http://127.0.0.1:%u", server_port(fixture->server));
    if (endpoint_parse(str_of(text), &endpoint, NULL) != ERR_NONE)
        return 1;
    const struct aws_options options = {.http = fixture->http,
                                        .credentials = fixture->credentials,
                                        .endpoint = &endpoint,
                                        .region = STR("eu-west-1"),
                                        .done = on_answer,
                                        .context = fixture};
    return aws_new(&options, &fixture->aws, NULL) != ERR_NONE;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){
        .known = {.access_key = "AKIDEXAMPLE", .secret_key = "secret", .token = "to/ken+=="}};
    *state = &fixture;
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_SESSION_TOKEN", "to/ken+==", 1);
    const struct http_options http = {.connections_max = 4};
    const struct server_options server = {.listen = "127.0.0.1:0",
                                          .body_bytes_max = 4096,
                                          .connections_max = 8,
                                          .idle_timeout_s = 5,
                                          .handle = on_request,
                                          .context = &fixture};
    if (server_start(&server, &fixture.server, NULL) != ERR_NONE ||
        http_new(&http, &fixture.http, NULL) != ERR_NONE ||
        credentials_new(CREDENTIALS_ENVIRONMENT, NULL, &fixture.credentials, NULL) != ERR_NONE)
        return 1;
    return open_aws(&fixture);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    aws_free(fixture->aws);
    credentials_free(fixture->credentials);
    http_free(fixture->http);
    server_stop(fixture->server);
    return 0;
}

static void run_until(struct fixture *fixture, unsigned answers)
{
    int64_t limit = now_mono_ms() + 10000;
    while (fixture->answers < answers && now_mono_ms() < limit) {
        http_wait(fixture->http, NULL, 0, 1000);
        http_turn(fixture->http);
        aws_turn(fixture->aws);
    }
    assert_int_equal(fixture->answers, answers);
}

static const struct {
    const char *method;
    const char *path;
    const char *query;
    const char *body;
    const char *seen;
} requests[] = {
    {"GET", "/jobs", NULL, NULL, "GET /jobs? [] "},
    {"GET", "/things/a%3Ab/jobs", "status=QUEUED&maxResults=10&nextToken=a%20b%2Fc%3D%2B", NULL,
     "GET /things/a%3Ab/jobs?status=QUEUED&maxResults=10&nextToken=a%20b%2Fc%3D%2B [] "},
    {"PUT", "/jobs/j", NULL, "{\"targets\":[]}",
     "PUT /jobs/j? [application/json] {\"targets\":[]}"},
    {"PUT", "/jobs/j/cancel", "force=true", "{}",
     "PUT /jobs/j/cancel?force=true [application/json] {}"},
    {"DELETE", "/jobs/j", "force=true&namespaceId=n", NULL,
     "DELETE /jobs/j?force=true&namespaceId=n [] "},
    {"POST", "/jobs/j/targets", NULL, "", "POST /jobs/j/targets? [application/json] "},
};

static void every_kind_of_request_is_signed_so_that_it_verifies(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        const struct aws_request request = {.id = i + 10,
                                            .method = requests[i].method,
                                            .path = str_of(requests[i].path),
                                            .query = str_of(requests[i].query),
                                            .body = str_of(requests[i].body),
                                            .timeout_ms = 5000};
        assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE);
        run_until(fixture, (unsigned)i + 1);
        assert_int_equal(fixture->fault, FAULT_OK);
        assert_int_equal(fixture->class, FAULT_NONE);
        assert_int_equal(fixture->last_id, i + 10);
        assert_string_equal(fixture->seen, requests[i].seen);
    }
}

static struct aws_request plain_request(void)
{
    return (struct aws_request){
        .id = 1, .method = "GET", .path = STR("/jobs/long"), .timeout_ms = 5000};
}

static void an_answer_is_as_long_as_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct aws_request request = plain_request();
    assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE);
    run_until(fixture, 1);
    assert_int_equal(fixture->body_n, LIMITS_ANSWER_BYTES);
    request.answer_bytes_max = (size_t)200 * 1024;
    assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE);
    run_until(fixture, 2);
    assert_int_equal(fixture->body_n, LONG_ANSWER);
}

static void what_is_too_long_is_refused_at_once(void **state)
{
    struct fixture *fixture = *state;
    static char text[300 * 1024];
    memset(text, 'a', sizeof text);
    struct aws_request request = plain_request();
    request.body = (struct str){text, sizeof text};
    assert_int_equal(aws_start(fixture->aws, &request), ERR_FULL);
    request = plain_request();
    request.query = (struct str){text, 20000};
    assert_int_equal(aws_start(fixture->aws, &request), ERR_FULL);
    request = plain_request();
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE);
    assert_int_equal(aws_start(fixture->aws, &request), ERR_FULL);
    run_until(fixture, 4);
}

static void refusals_without_credentials_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    credentials_reload(fixture->credentials);
    const struct aws_request request = plain_request();
    for (unsigned round = 1; round <= 2; round++) {
        for (unsigned i = 0; i < LIMITS_MAX_IN_FLIGHT; i++)
            assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE);
        assert_int_equal(aws_start(fixture->aws, &request), ERR_FULL);
        assert_true(aws_is_due(fixture->aws));
        aws_turn(fixture->aws);
        assert_false(aws_is_due(fixture->aws));
        assert_int_equal(fixture->answers, round * LIMITS_MAX_IN_FLIGHT);
        assert_int_equal(fixture->class, FAULT_CREDENTIALS);
    }
    assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE); /* freed without a word */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_request_is_signed_so_that_it_verifies, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_answer_is_as_long_as_was_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_refused_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_without_credentials_are_bounded, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
