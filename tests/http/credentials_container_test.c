#include "tests/check.h"
#include "tests/http/fetched.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TES_PATH "/2016-11-01/credentialprovider/"
#define SVCUID   "SVCUID0123456789"

static struct http *http;
static char url[128]; /* of the last server */

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

static void assert_asks(const char *wanted)
{
    static char asked[RAWHTTP_BYTES];
    struct why why = {0};
    const struct credentials_talk talk = {0};
    fetched_asked(&credentials_container_dialogue, &talk, asked, &why);
    if (asked[0] == '\0')
        print_error("%s\n", why.text);
    assert_string_equal(asked, wanted);
}

static void assert_refuses(const char *reason)
{
    static char asked[RAWHTTP_BYTES];
    struct why why = {0};
    const struct credentials_talk talk = {0};
    fetched_asked(&credentials_container_dialogue, &talk, asked, &why);
    assert_string_equal(asked, "");
    check_has(why.text, reason);
    assert_null(strstr(why.text, "HUSH"));
}

static void the_relative_uri_wins(void **state)
{
    (void)state;
    struct credentials_plan plan = {0};
    struct why why;
    assert_int_equal(credentials_container_plan(NULL, &plan, &why), ERR_NOT_FOUND);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost:81" TES_PATH, 1);
    assert_int_equal(credentials_container_plan(NULL, &plan, NULL), ERR_NONE);
    assert_int_equal(plan.base, CREDENTIALS_BASE_CONTAINER);
    assert_asks("GET http://localhost:81" TES_PATH "\nAccept: application/json\n");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/uuid?x=y", 1);
    assert_int_equal(credentials_container_plan(NULL, &plan, NULL), ERR_NONE);
    assert_asks("GET http://169.254.170.2/v2/credentials/uuid?x=y\nAccept: application/json\n");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "v2", 1);
    assert_refuses("does not start with /");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "", 1);
    assert_asks("GET http://localhost:81" TES_PATH "\nAccept: application/json\n");
}

static void plain_http_goes_only_to_known_hosts(void **state)
{
    (void)state;
    static const char *const allowed[] = {
        "http://127.0.0.1/",        "http://127.1.2.3:8080/x", "http://localhost",
        "http://[::1]:9/",          "http://169.254.170.2/",   "http://169.254.170.23/v1",
        "http://[fd00:ec2::23]/v1", "https://example.com/x",
    };
    static const char *const refused[] = {
        "http://example.com/",
        "http://169.254.170.3/",
        "http://169.254.169.254/",
        "http://[fd00:ec2::254]/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@example.com/",
        "http://user:HUSH@127.0.0.1/",
        "http://example.com#@127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "127.0.0.1/",
        "/v2",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/a b",
        "http://",
    };
    for (size_t i = 0; i < COUNT_OF(allowed); i++) {
        char wanted[128];
        snprintf(wanted, sizeof wanted, "GET %s\nAccept: application/json\n", allowed[i]);
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", allowed[i], 1);
        assert_asks(wanted);
    }
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", refused[i], 1);
        assert_refuses("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    }
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void the_token_is_sent_as_it_is(void **state)
{
    (void)state;
    char path[] = "/tmp/jobs-bridge-token-XXXXXX";
    close(mkstemp(path));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[::1]/", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", SVCUID, 1);
    assert_asks("GET http://[::1]/\nAccept: application/json\nAuthorization: " SVCUID "\n");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
    write_file(path, "Basic first");
    assert_asks("GET http://[::1]/\nAccept: application/json\nAuthorization: Basic first\n");
    write_file(path, "second"); /* read anew each time */
    assert_asks("GET http://[::1]/\nAccept: application/json\nAuthorization: second\n");
    write_file(path, "HUSH\n");
    assert_refuses("TOKEN_FILE has a line break");
    write_file(path, "HUSH\rHUSH");
    assert_refuses("line break");
    char long_token[CREDENTIALS_TOKEN_MAX + 2];
    memset(long_token, 't', sizeof long_token - 1);
    long_token[sizeof long_token - 1] = '\0';
    write_file(path, long_token);
    assert_refuses("larger than");
    assert_int_equal(unlink(path), 0);
    assert_refuses("there is no ");
    unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "HUSH\r\nX: y", 1);
    assert_refuses("AWS_CONTAINER_AUTHORIZATION_TOKEN has a line break");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", long_token, 1);
    assert_refuses("longer than 8192 bytes");
}

/* The result of a fetch against these steps; all requests are in asked. */
static struct credentials_result fetch(const struct rawhttp_step *steps, size_t count,
                                       char asked[RAWHTTP_BYTES])
{
    struct rawhttp_server *server = rawhttp_server_start(steps, count);
    const struct credentials_options options = {.http = http};
    const struct credentials_plan plan = {.base = CREDENTIALS_BASE_CONTAINER, .from = "container"};
    snprintf(url, sizeof url, "http://127.0.0.1:%u" TES_PATH, rawhttp_server_port(server));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    struct credentials_result result = fetched_result(&options, &plan);
    rawhttp_server_requests(server, asked);
    rawhttp_server_stop(server);
    return result;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

static void the_request_is_exact(void **state)
{
    (void)state;
    static char asked[RAWHTTP_BYTES];
    char wanted[512];
    const struct rawhttp_step step = {.answer = fetched_keys("ASIA1", 3600)};
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", SVCUID, 1);
    struct credentials_result result = fetch(&step, 1, asked);
    assert_int_equal(result.err, ERR_NONE);
    assert_string_equal(result.credential.access_key, "ASIA1");
    assert_string_equal(result.credential.secret_key, "HUSH");
    assert_string_equal(result.credential.token, "HUSH/token==");
    assert_in_range(result.lifetime_ms, 3590 * 1000, 3600 * 1000);
    const char *host = url + strlen("http://");
    snprintf(wanted, sizeof wanted,
             "GET " TES_PATH " HTTP/1.1\r\nHost: %.*s\r\nAccept: application/json\r\n"
             "Authorization: " SVCUID "\r\n\r\n",
             (int)strcspn(host, "/"), host);
    assert_string_equal(asked, wanted);
}

static void what_passes_is_asked_again_a_second_later(void **state)
{
    (void)state;
    static char asked[RAWHTTP_BYTES];
    const struct rawhttp_step steps[] = {
        {.answer = fetched_ok("{\"AccessKeyId\":\"HUSH")},
        {.answer = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"},
        {.answer = fetched_keys("ASIA3", 60)},
    };
    struct credentials_result result = fetch(steps, COUNT_OF(steps), asked);
    assert_int_equal(result.err, ERR_NONE);
    assert_string_equal(result.credential.access_key, "ASIA3");
    assert_int_equal(count_of(asked, "GET " TES_PATH), 3);
}

static void errors_are_remembered_as_long_as_greengrass_does(void **state)
{
    (void)state;
    static char asked[RAWHTTP_BYTES];
    const struct rawhttp_step refusal = {
        .answer =
            "HTTP/1.1 404 Not Found\r\nContent-Length: 22\r\n\r\n{\"message\":\"no such\"}\n"};
    struct credentials_result result = fetch(&refusal, 1, asked);
    assert_int_equal(result.err, ERR_REFUSED);
    assert_string_equal(result.why.text, "container: HTTP 404 (no such)");
    assert_int_equal(result.pause_ms, 120000);
    assert_int_equal(count_of(asked, "GET "), 1);
    const struct rawhttp_step busy = {.answer = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"};
    const struct rawhttp_step steps[] = {busy, busy, busy, busy};
    result = fetch(steps, COUNT_OF(steps), asked);
    assert_int_equal(result.err, ERR_DOWN);
    assert_int_equal(result.pause_ms, 60000);
    assert_int_equal(count_of(asked, "GET "), 3);
}

static void slow_huge_and_expired_answers_are_refused(void **state)
{
    (void)state;
    static char asked[RAWHTTP_BYTES];
    static char huge[CREDENTIALS_ANSWER_BYTES + 256];
    int n = snprintf(huge, sizeof huge, "HTTP/1.1 200 OK\r\nContent-Length: 16385\r\n\r\n");
    memset(huge + n, ' ', CREDENTIALS_ANSWER_BYTES + 1);
    const struct rawhttp_step large = {.answer = huge};
    struct credentials_result result = fetch(&large, 1, asked);
    check_has(result.why.text, "longer than 16384 bytes");
    const struct rawhttp_step old = {.answer = fetched_keys("ASIA1", -5)};
    result = fetch(&old, 1, asked);
    assert_int_equal(result.err, ERR_REFUSED);
    check_has(result.why.text, "expired");
    assert_string_equal(result.credential.secret_key, "");
    const struct rawhttp_step slow = {.answer = fetched_keys("ASIA1", 60), .delay_ms = 2500};
    const struct rawhttp_step steps[] = {slow, {.answer = fetched_keys("ASIA2", 60)}};
    result = fetch(steps, COUNT_OF(steps), asked);
    assert_string_equal(result.credential.access_key, "ASIA2");
}

static void a_wrong_clock_ends_no_keys(void **state)
{
    (void)state;
    static char asked[RAWHTTP_BYTES];
    const struct rawhttp_step step = {
        .answer = "HTTP/1.1 200 OK\r\nDate: Thu, 18 Jan 2018 08:18:06 GMT\r\n\r\n"
                  "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\",\"Expiration\":"
                  "\"2018-01-18T09:18:06Z\"}"};
    struct credentials_result result = fetch(&step, 1, asked);
    assert_string_equal(result.why.text, "");
    assert_in_range(result.lifetime_ms, 3590 * 1000, 3610 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_relative_uri_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plain_http_goes_only_to_known_hosts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_token_is_sent_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_request_is_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_passes_is_asked_again_a_second_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(errors_are_remembered_as_long_as_greengrass_does, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(slow_huge_and_expired_answers_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_clock_ends_no_keys, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
