#include "tests/http/fetched.h"

#include "base/now.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PATIENCE_MS 20000
#define ANSWERS     16
#define ANSWER_MAX  1024

void fetched_clear_environment(void)
{
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_PROFILE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_V1_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
}

const char *fetched_ok(const char *body)
{
    static char answers[ANSWERS][ANSWER_MAX];
    static size_t next;
    char *answer = answers[next++ % ANSWERS];
    int n = snprintf(answer, ANSWER_MAX, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(body), body);
    assert_true(n > 0 && n < ANSWER_MAX);
    return answer;
}

const char *fetched_keys(const char *access_key, int64_t lifetime_s)
{
    char until[32];
    char body[ANSWER_MAX / 2];
    time_t end_s = (time_t)(now_wall_ms() / 1000 + lifetime_s);
    struct tm utc;
    assert_true(strftime(until, sizeof until, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end_s, &utc)) > 0);
    snprintf(body, sizeof body,
             "{\"Code\":\"Success\",\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"HUSH\","
             "\"Token\":\"HUSH/token==\",\"Expiration\":\"%s\"}",
             access_key, until);
    return fetched_ok(body);
}

struct credentials_result fetched_result(const struct credentials_options *options,
                                         const struct credentials_plan *plan)
{
    struct credentials_fetch *fetch = NULL;
    int64_t limit_ms = now_mono_ms() + PATIENCE_MS;
    assert_int_equal(credentials_fetch_new(options, &fetch), ERR_NONE);
    credentials_fetch_start(fetch, plan);
    while (credentials_fetch_result(fetch) == NULL && now_mono_ms() < limit_ms) {
        assert_true(credentials_fetch_is_running(fetch));
        int64_t due_ms = credentials_fetch_due_ms(fetch) - now_mono_ms();
        http_wait(options->http, NULL, 0, due_ms < 1000 ? due_ms : 1000);
        http_turn(options->http);
        credentials_fetch_turn(fetch);
    }
    assert_non_null(credentials_fetch_result(fetch));
    struct credentials_result result = *credentials_fetch_result(fetch);
    assert_null(strstr(result.why.text, "HUSH"));
    credentials_fetch_free(fetch);
    return result;
}

static void add_headers(const struct buf *headers, struct buf *out)
{
    struct str rest = buf_str(headers);
    while (rest.n > 0) {
        buf_add(out, str_cut(&rest, '\0'));
        buf_add_byte(out, '\n');
    }
}

void fetched_asked(const struct credentials_dialogue *dialogue, const struct credentials_talk *talk,
                   char ret_text[RAWHTTP_BYTES], struct why *why)
{
    struct credentials_request request = {0};
    struct buf out;
    buf_init(&out, RAWHTTP_BYTES - 1);
    buf_init(&request.url, 4096);
    buf_init(&request.headers, 32768);
    buf_init(&request.body, 16384);
    if (dialogue->ask(talk, &request, why) == ERR_NONE) {
        buf_format(&out, "%s %s\n", request.method, buf_text(&request.url));
        add_headers(&request.headers, &out);
        buf_add(&out, buf_str(&request.body));
    }
    assert_int_equal(buf_err(&out), ERR_NONE);
    memcpy(ret_text, buf_text(&out), out.n + 1);
    buf_fini(&request.url);
    buf_fini(&request.headers);
    buf_fini(&request.body);
    buf_fini(&out);
}
