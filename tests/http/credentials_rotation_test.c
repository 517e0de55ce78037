/* Keys that come over the network, come again, and stay away. */
#include "base/now.h"
#include "http/aws.h"
#include "tests/check.h"
#include "tests/http/fetched.h"

#include <stdio.h>
#include <stdlib.h>

#define NOT_FOUND "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

struct fixture {
    struct http *http;
    struct rawhttp_server *server;
    struct credentials *credentials;
    struct aws *aws;
    unsigned answers;
    enum fault_class class;
    char message[256];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    const struct http_options options = {.connections_max = 2};
    fixture = (struct fixture){0};
    *state = &fixture;
    fetched_clear_environment();
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
    setenv("AWS_CONFIG_FILE", "/nonexistent/config", 1);
    return http_new(&options, &fixture.http, NULL) != ERR_NONE;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    aws_free(fixture->aws);
    credentials_free(fixture->credentials);
    http_free(fixture->http);
    if (fixture->server != NULL)
        rawhttp_server_stop(fixture->server);
    return 0;
}

static void on_answer(void *context, const struct aws_answer *answer)
{
    struct fixture *fixture = context;
    fixture->answers++;
    fixture->class = answer->class;
    snprintf(fixture->message, sizeof fixture->message, "%.*s", STR_ARG(answer->message));
}

static void start(struct fixture *fixture, enum credentials_source source,
                  const struct rawhttp_step *steps, size_t count)
{
    char url[64];
    struct endpoint endpoint;
    fixture->server = rawhttp_server_start(steps, count);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", rawhttp_server_port(fixture->server));
    setenv(source == CREDENTIALS_IMDS ? "AWS_EC2_METADATA_SERVICE_ENDPOINT"
                                      : "AWS_CONTAINER_CREDENTIALS_FULL_URI",
           url, 1);
    const struct credentials_options options = {.source = source, .http = fixture->http};
    assert_int_equal(credentials_open(&options, &fixture->credentials, NULL), ERR_NONE);
    assert_int_equal(endpoint_parse(str_of(url), &endpoint, NULL), ERR_NONE);
    const struct aws_options aws = {.http = fixture->http,
                                    .credentials = fixture->credentials,
                                    .endpoint = &endpoint,
                                    .region = STR("us-east-1"),
                                    .done = on_answer,
                                    .context = fixture};
    assert_int_equal(aws_new(&aws, &fixture->aws, NULL), ERR_NONE);
}

static void turn(struct fixture *fixture)
{
    int64_t due_ms = credentials_due_ms(fixture->credentials) - now_mono_ms();
    if (!aws_is_due(fixture->aws))
        http_wait(fixture->http, NULL, 0, due_ms < 50 ? due_ms : 50);
    http_turn(fixture->http);
    credentials_turn(fixture->credentials);
    aws_turn(fixture->aws);
}

static const char *current_key(struct fixture *fixture)
{
    const struct credential *credential = credentials_current(fixture->credentials, NULL);
    return credential != NULL ? credential->access_key : "";
}

/* Turns until the key is in use; meanwhile it is never another than that and the old one. */
static void wait_for_key(struct fixture *fixture, const char *key, const char *old_key)
{
    int64_t limit_ms = now_mono_ms() + 10000;
    while (strcmp(current_key(fixture), key) != 0) {
        assert_string_equal(current_key(fixture), old_key);
        assert_true(now_mono_ms() < limit_ms);
        turn(fixture);
    }
}

static void turn_for(struct fixture *fixture, int64_t ms)
{
    int64_t end_ms = now_mono_ms() + ms;
    while (now_mono_ms() < end_ms)
        turn(fixture);
}

static void keys_are_replaced_ahead_of_their_end(void **state)
{
    struct fixture *fixture = *state;
    bool is_bad = true;
    const struct rawhttp_step steps[] = {
        {.answer = fetched_keys("FIRST", 4)},
        {.answer = fetched_keys("SECOND", 3600), .delay_ms = 200},
    };
    start(fixture, CREDENTIALS_CONTAINER, steps, 2);
    struct credentials_state at_first = credentials_state(fixture->credentials);
    assert_true(!at_first.has_keys && !at_first.has_failed);
    int64_t started_ms = now_mono_ms();
    wait_for_key(fixture, "FIRST", "");
    check_has(credentials_news(fixture->credentials, &is_bad), "keys from container, good until 2");
    assert_false(is_bad);
    assert_null(credentials_news(fixture->credentials, &is_bad));
    assert_int_equal(credentials_generation(fixture->credentials), 1);
    wait_for_key(fixture, "SECOND", "FIRST");
    assert_in_range(now_mono_ms() - started_ms, 1500, 3900);
    assert_int_equal(credentials_generation(fixture->credentials), 2);
    assert_true(credentials_due_ms(fixture->credentials) > now_mono_ms() + INT64_C(3000000));
    credentials_refused(fixture->credentials, 1); /* of a call that was signed before */
    assert_string_equal(current_key(fixture), "SECOND");
}

static void keys_stay_until_their_end_while_no_new_ones_come(void **state)
{
    struct fixture *fixture = *state;
    struct why why = {0};
    bool is_bad = false;
    const struct rawhttp_step steps[] = {{.answer = fetched_keys("FIRST", 4)},
                                         {.answer = NOT_FOUND},
                                         {.answer = fetched_keys("TOO-EARLY", 3600)}};
    start(fixture, CREDENTIALS_CONTAINER, steps, 3);
    wait_for_key(fixture, "FIRST", "");
    credentials_news(fixture->credentials, &is_bad);
    assert_true(credentials_state(fixture->credentials).has_keys);
    assert_true(credentials_state(fixture->credentials).expires_at_s >= now_wall_ms() / 1000);
    wait_for_key(fixture, "", "FIRST");
    struct credentials_state now = credentials_state(fixture->credentials);
    assert_true(!now.has_keys && now.has_failed && now.expires_at_s == -1);
    assert_string_equal(now.problem, "container: HTTP 404");
    assert_int_equal(rawhttp_server_connections(fixture->server), 2);
    assert_null(credentials_current(fixture->credentials, &why));
    assert_string_equal(why.text, "container: HTTP 404");
    assert_false(credentials_are_coming(fixture->credentials));
    assert_string_equal(credentials_news(fixture->credentials, &is_bad), "container: HTTP 404");
    assert_true(is_bad);
    turn_for(fixture, 1500); /* Greengrass would give the same answer for two minutes */
    assert_int_equal(rawhttp_server_connections(fixture->server), 2);
    credentials_reload(fixture->credentials);
    assert_null(credentials_current(fixture->credentials, NULL));
    assert_int_equal(rawhttp_server_connections(fixture->server), 2);
}

static void refused_keys_are_fetched_again_once(void **state)
{
    struct fixture *fixture = *state;
    const struct rawhttp_step steps[] = {{.answer = fetched_keys("FIRST", 3600)},
                                         {.answer = fetched_keys("SECOND", 3600)},
                                         {.answer = fetched_keys("THIRD", 3600)}};
    start(fixture, CREDENTIALS_CONTAINER, steps, 3);
    wait_for_key(fixture, "FIRST", "");
    for (int i = 0; i < 8; i++) /* all the calls that were in flight */
        credentials_refused(fixture->credentials, 1);
    assert_string_equal(current_key(fixture), "");
    assert_true(credentials_are_coming(fixture->credentials));
    credentials_refused(fixture->credentials, 1);
    wait_for_key(fixture, "SECOND", "");
    credentials_refused(fixture->credentials, 1); /* a late one, signed with the old keys */
    credentials_refused(fixture->credentials, 2); /* so soon again: fetching would not help */
    turn_for(fixture, 300);
    assert_string_equal(current_key(fixture), "SECOND");
    assert_int_equal(rawhttp_server_connections(fixture->server), 2);
}

static void refused_keys_are_better_than_none(void **state)
{
    struct fixture *fixture = *state;
    const struct rawhttp_step steps[] = {{.answer = fetched_keys("FIRST", 3600)},
                                         {.answer = NOT_FOUND}};
    start(fixture, CREDENTIALS_CONTAINER, steps, 2);
    wait_for_key(fixture, "FIRST", "");
    credentials_refused(fixture->credentials, 1);
    assert_string_equal(current_key(fixture), "");
    wait_for_key(fixture, "FIRST", "");
    credentials_refused(fixture->credentials, 1);
    assert_string_equal(current_key(fixture), "FIRST");
}

static void late_keys_of_ec2_stay_in_use(void **state)
{
    struct fixture *fixture = *state;
    const struct rawhttp_step steps[] = {{.answer = fetched_ok("token")},
                                         {.answer = fetched_ok("role")},
                                         {.answer = fetched_keys("LATE", -600)}};
    start(fixture, CREDENTIALS_IMDS, steps, 3);
    wait_for_key(fixture, "LATE", "");
    turn_for(fixture, 200);
    assert_string_equal(current_key(fixture), "LATE");
    assert_in_range(credentials_due_ms(fixture->credentials) - now_mono_ms(), 710 * 1000,
                    1200 * 1000);
}

static void auto_takes_what_is_set_and_ec2_last(void **state)
{
    struct fixture *fixture = *state;
    struct why why = {0};
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    const struct credentials_options options = {.source = CREDENTIALS_AUTO, .http = fixture->http};
    assert_int_equal(credentials_open(&options, &fixture->credentials, NULL), ERR_NONE);
    assert_null(credentials_current(fixture->credentials, &why));
    check_has(why.text, "no AWS credentials: AWS_ACCESS_KEY_ID");
    check_has(why.text, "; there is no /nonexistent/credentials; neither AWS_CONTAINER");
    check_has(why.text, "; AWS_EC2_METADATA_DISABLED is true");
    assert_false(credentials_are_coming(fixture->credentials));
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", rawhttp_dead_port());
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
    unsetenv("AWS_EC2_METADATA_DISABLED");
    assert_null(credentials_current(fixture->credentials, &why));
    assert_true(credentials_are_coming(fixture->credentials));
    credentials_free(fixture->credentials); /* under way */
    fixture->credentials = NULL;
    const struct rawhttp_step step = {.answer = fetched_keys("CONTAINER", 3600)};
    start(fixture, CREDENTIALS_AUTO, &step, 1);
    wait_for_key(fixture, "CONTAINER", "");
}

static void calls_wait_for_keys_that_are_coming(void **state)
{
    struct fixture *fixture = *state;
    static char asked[RAWHTTP_BYTES];
    const char *done = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const struct rawhttp_step steps[] = {{.answer = fetched_keys("FIRST", 3600), .delay_ms = 200},
                                         {.answer = done},
                                         {.answer = done}};
    start(fixture, CREDENTIALS_CONTAINER, steps, 3);
    char path[] = "/jobs/j";
    char body[] = "{\"description\":\"d\"}";
    const struct aws_request request = {.id = 1,
                                        .method = "PATCH",
                                        .path = str_of(path),
                                        .query = STR("namespaceId=n"),
                                        .body = str_of(body),
                                        .timeout_ms = 5000};
    assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE);
    assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE);
    assert_false(aws_is_due(fixture->aws));
    path[1] = body[1] = 'X'; /* they are copied */
    int64_t limit_ms = now_mono_ms() + 10000;
    while (fixture->answers < 2 && now_mono_ms() < limit_ms)
        turn(fixture);
    assert_int_equal(fixture->answers, 2);
    assert_int_equal(fixture->class, FAULT_NONE);
    rawhttp_server_requests(fixture->server, asked);
    check_has(asked, "PATCH /jobs/j?namespaceId=n HTTP/1.1\r\n");
    check_has(asked, "Credential=FIRST/");
    check_has(asked, "\r\n\r\n{\"description\":\"d\"}");
}

static void calls_learn_why_no_keys_came(void **state)
{
    struct fixture *fixture = *state;
    const struct rawhttp_step step = {.answer = NOT_FOUND};
    start(fixture, CREDENTIALS_CONTAINER, &step, 1);
    const struct aws_request request = {
        .id = 1, .method = "GET", .path = STR("/jobs"), .timeout_ms = 5000};
    assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE);
    int64_t limit_ms = now_mono_ms() + 10000;
    while (fixture->answers < 1 && now_mono_ms() < limit_ms)
        turn(fixture);
    assert_int_equal(fixture->class, FAULT_CREDENTIALS);
    assert_string_equal(fixture->message, "container: HTTP 404");
    assert_int_equal(aws_start(fixture->aws, &request), ERR_NONE);
    assert_true(aws_is_due(fixture->aws));
}

static void ignore(void *context, const struct http_answer *answer)
{
    (void)context;
    (void)answer;
}

static void a_full_client_only_delays(void **state)
{
    struct fixture *fixture = *state;
    const struct rawhttp_step slow = {.answer = "HTTP/1.1 200 OK\r\n\r\n", .delay_ms = 300};
    const struct rawhttp_step steps[] = {slow, slow, {.answer = fetched_keys("FIRST", 3600)}};
    start(fixture, CREDENTIALS_CONTAINER, steps, 3);
    const struct http_request busy = {
        .method = "GET", .url = getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"), .timeout_ms = 5000};
    assert_int_equal(http_start(fixture->http, &busy, ignore, NULL), ERR_NONE);
    assert_int_equal(http_start(fixture->http, &busy, ignore, NULL), ERR_NONE);
    wait_for_key(fixture, "FIRST", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(keys_are_replaced_ahead_of_their_end),
        TEST(keys_stay_until_their_end_while_no_new_ones_come),
        TEST(refused_keys_are_fetched_again_once),
        TEST(refused_keys_are_better_than_none),
        TEST(late_keys_of_ec2_stay_in_use),
        TEST(auto_takes_what_is_set_and_ec2_last),
        TEST(calls_wait_for_keys_that_are_coming),
        TEST(calls_learn_why_no_keys_came),
        TEST(a_full_client_only_delays),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
