#include "tests/check.h"
#include "tests/http/fetched.h"

#include <stdio.h>
#include <stdlib.h>

#define ROLES "/latest/meta-data/iam/security-credentials/"

static struct http *http;
static char asked[RAWHTTP_BYTES];

static int set_up(void **state)
{
    (void)state;
    const struct http_options options = {.connections_max = 1};
    fetched_clear_environment();
    return http_new(&options, &http, NULL) != ERR_NONE;
}

static int tear_down(void **state)
{
    (void)state;
    http_free(http);
    return 0;
}

static struct credentials_result fetch(const struct rawhttp_step *steps, size_t count)
{
    char url[128];
    struct rawhttp_server *server = rawhttp_server_start(steps, count);
    const struct credentials_options options = {.http = http};
    const struct credentials_plan plan = {.base = CREDENTIALS_BASE_IMDS, .from = "imds"};
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", rawhttp_server_port(server));
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
    struct credentials_result result = fetched_result(&options, &plan);
    rawhttp_server_requests(server, asked);
    rawhttp_server_stop(server);
    return result;
}

/* The requests without their Host headers, which hold the port. */
static void assert_asked(const char *wanted)
{
    char *host;
    while ((host = strstr(asked, "Host: ")) != NULL) {
        const char *behind = strstr(host, "\r\n") + 2;
        memmove(host, behind, strlen(behind) + 1);
    }
    assert_string_equal(asked, wanted);
}

static const char *status_answer(int status)
{
    static char answers[8][64];
    static size_t next;
    char *answer = answers[next++ % COUNT_OF(answers)];
    snprintf(answer, sizeof answers[0], "HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", status);
    return answer;
}

static void version_2_takes_three_requests(void **state)
{
    (void)state;
    const struct rawhttp_step steps[] = {{.answer = fetched_ok("tok+en==")},
                                         {.answer = fetched_ok("my-role@1\nother")},
                                         {.answer = fetched_keys("ASIA1", 3600)}};
    struct credentials_result result = fetch(steps, COUNT_OF(steps));
    assert_string_equal(result.why.text, "");
    assert_string_equal(result.credential.access_key, "ASIA1");
    assert_string_equal(result.from, "imds");
    assert_asked("PUT /latest/api/token HTTP/1.1\r\nAccept: */*\r\n"
                 "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n\r\n"
                 "GET " ROLES " HTTP/1.1\r\nAccept: */*\r\n"
                 "x-aws-ec2-metadata-token: tok+en==\r\n\r\n"
                 "GET " ROLES "my-role@1 HTTP/1.1\r\nAccept: */*\r\n"
                 "x-aws-ec2-metadata-token: tok+en==\r\n\r\n");
}

static void version_1_is_what_is_left(void **state)
{
    (void)state;
    static const int statuses[] = {403, 404, 405, 0};
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        const struct rawhttp_step steps[] = {
            {.answer = statuses[i] != 0 ? status_answer(statuses[i]) : NULL},
            {.answer = fetched_ok("my-role")},
            {.answer = fetched_keys("ASIA1", 3600)}};
        struct credentials_result result = fetch(steps, COUNT_OF(steps));
        assert_string_equal(result.why.text, "");
        assert_string_equal(result.credential.access_key, "ASIA1");
        assert_null(strstr(asked, "metadata-token:"));
        setenv("AWS_EC2_METADATA_V1_DISABLED", "TRUE", 1);
        result = fetch(steps, COUNT_OF(steps));
        check_has(result.why.text, "imds: no session token, and AWS_EC2_METADATA_V1_DISABLED");
        unsetenv("AWS_EC2_METADATA_V1_DISABLED");
    }
}

static void a_slow_token_means_version_1(void **state)
{
    (void)state;
    const struct rawhttp_step steps[] = {{.answer = fetched_ok("token"), .delay_ms = 1300},
                                         {.answer = fetched_ok("my-role")},
                                         {.answer = fetched_keys("ASIA1", 3600)}};
    struct credentials_result result = fetch(steps, COUNT_OF(steps));
    assert_string_equal(result.credential.access_key, "ASIA1");
    assert_null(strstr(asked, "metadata-token:"));
}

static void errors_end_it(void **state)
{
    (void)state;
    const char *token = fetched_ok("token");
    const char *role = fetched_ok("my-role");
    const struct {
        struct rawhttp_step steps[3];
        const char *reason;
    } cases[] = {
        {{{.answer = status_answer(400)}}, "HTTP 400"},
        {{{.answer = status_answer(500)}}, "HTTP 500"},
        {{{.answer = fetched_ok("")}}, "session token is empty"},
        {{{.answer = token}, {.answer = status_answer(404)}}, "the instance has no role"},
        {{{.answer = token}, {.answer = status_answer(401)}}, "HTTP 401"},
        {{{.answer = token}, {.answer = fetched_ok("")}}, "role's name is empty"},
        {{{.answer = token}, {.answer = fetched_ok("../../user-data")}}, "odd bytes"},
        {{{.answer = token}, {.answer = fetched_ok("a?b")}}, "odd bytes"},
        {{{.answer = token}, {.answer = role}, {.answer = status_answer(404)}}, "HTTP 404"},
        {{{.answer = token}, {.answer = role}, {.answer = "HTTP/1.1 200 OK\r\n\r\nHUSH"}},
         "no valid JSON"},
        {{{.answer = token},
          {.answer = role},
          {.answer = "HTTP/1.1 200 OK\r\n\r\n{\"Code\":\"AssumeRoleUnauthorizedAccess\","
                     "\"Message\":\"cannot be assumed\"}"}},
         "AssumeRoleUnauthorizedAccess (cannot be assumed)"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct credentials_result result = fetch(cases[i].steps, 3);
        assert_int_not_equal(result.err, ERR_NONE);
        check_has(result.why.text, cases[i].reason);
    }
}

static void old_keys_are_taken_for_late_ones(void **state)
{
    (void)state;
    const struct rawhttp_step steps[] = {{.answer = fetched_ok("token")},
                                         {.answer = fetched_ok("my-role")},
                                         {.answer = fetched_keys("ASIA1", -60)}};
    struct credentials_result result = fetch(steps, COUNT_OF(steps));
    assert_int_equal(result.err, ERR_NONE);
    assert_int_equal(result.lifetime_ms, 0);
    assert_string_equal(result.credential.access_key, "ASIA1");
}

static void assert_url(const char *wanted)
{
    struct why why = {0};
    const struct credentials_talk talk = {0};
    fetched_asked(&credentials_imds_dialogue, &talk, asked, &why);
    asked[strcspn(asked, "\n")] = '\0';
    assert_string_equal(asked, wanted);
}

static void the_service_can_be_elsewhere_or_off(void **state)
{
    (void)state;
    struct credentials_plan plan = {0};
    struct why why;
    assert_url("PUT http://169.254.169.254/latest/api/token");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6", 1);
    assert_url("PUT http://[fd00:ec2::254]/latest/api/token");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://imds.test:81//", 1);
    assert_url("PUT http://imds.test:81/latest/api/token");
    static const char *const bad[] = {"imds.test", "http://a b", "http://a\r\nX: y", "http://a?b",
                                      "http://user@a"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", bad[i], 1);
        assert_url("");
    }
    assert_int_equal(credentials_imds_plan(NULL, &plan, NULL), ERR_NONE);
    assert_int_equal(plan.base, CREDENTIALS_BASE_IMDS);
    setenv("AWS_EC2_METADATA_DISABLED", "True", 1);
    assert_int_equal(credentials_imds_plan(NULL, &plan, &why), ERR_NOT_FOUND);
    check_has(why.text, "AWS_EC2_METADATA_DISABLED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(version_2_takes_three_requests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_1_is_what_is_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_token_means_version_1, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_end_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_keys_are_taken_for_late_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_service_can_be_elsewhere_or_off, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
