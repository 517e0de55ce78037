/* The endpoint whole: over its socket, with signatures, across restarts. */
#include "base/now.h"
#include "http/credentials.h"
#include "http/sigv4.h"
#include "local/local.h"
#include "tests/check.h"
#include "tests/http/rawhttp.h"
#include "tests/local/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARN "arn:aws:iot:us-east-1:123456789012"

struct fixture {
    struct scratch scratch;
    char database[128];
    char keys[128];
    struct local *local;
    struct why why;
    char answer[RAWHTTP_BYTES];
};

static enum err start(struct fixture *fixture)
{
    const struct local_options options = {
        .listen = "127.0.0.1:0",
        .database = fixture->database,
        .sync = STORE_SYNC_NORMAL,
        .credentials_file = fixture->keys,
        .region = "us-east-1",
    };
    return local_start(&options, &fixture->local, &fixture->why);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    scratch_init(&fixture.scratch);
    snprintf(fixture.database, sizeof fixture.database, "%s/jobs.db", fixture.scratch.path);
    snprintf(fixture.keys, sizeof fixture.keys, "%s/credentials", fixture.scratch.path);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    local_stop(fixture->local);
    scratch_fini(&fixture->scratch);
    return 0;
}

static void sign(const struct credential *credential, struct str method, struct str target,
                 struct str body, const char *timestamp, struct buf *out)
{
    struct sigv4 *sigv4 = NULL;
    char hash[SIGV4_HEX_SIZE];
    struct canonical_header headers[] = {
        {STR("host"), STR("local")},
        {STR("x-amz-date"), str_of(timestamp)},
    };
    assert_int_equal(sigv4_new(&sigv4), ERR_NONE);
    assert_int_equal(sigv4_hash(sigv4, body, hash), ERR_NONE);
    struct str query = target;
    struct str path = str_cut(&query, '?');
    const struct sigv4_request request = {
        .method = method,
        .path = path,
        .query = query,
        .headers = headers,
        .header_count = COUNT_OF(headers),
        .payload_hash = str_of(hash),
        .timestamp = str_of(timestamp),
        .region = STR("us-east-1"),
        .service = STR("iot"),
        .access_key = str_of(credential->access_key),
        .secret_key = str_of(credential->secret_key),
    };
    assert_int_equal(sigv4_authorization(sigv4, &request, out), ERR_NONE);
    sigv4_free(sigv4);
}

static int exchange(struct fixture *fixture, const char *head, const char *authorization,
                    const char *body)
{
    struct buf text;
    buf_init(&text, RAWHTTP_BYTES);
    buf_format(&text, "%sHost: local\r\nConnection: close\r\nContent-Length: %zu\r\n", head,
               strlen(body));
    if (authorization != NULL)
        buf_format(&text, "Authorization: %s\r\n", authorization);
    buf_format(&text, "\r\n%s", body);
    int status = rawhttp_exchange(local_port(fixture->local), text.p, text.n, fixture->answer);
    buf_fini(&text);
    return status;
}

/* A request signed with these keys at this time. */
static int ask_as(struct fixture *fixture, const struct credential *credential, int64_t now_s,
                  const char *method, const char *target, const char *body)
{
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    char head[512];
    struct buf authorization;
    buf_init(&authorization, 1024);
    sigv4_timestamp(now_s, timestamp);
    sign(credential, str_of(method), str_of(target), str_of(body), timestamp, &authorization);
    snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nX-Amz-Date: %s\r\n", method, target, timestamp);
    int status = exchange(fixture, head, buf_text(&authorization), body);
    buf_fini(&authorization);
    return status;
}

/* The same with the keys of the file, now. */
static int ask(struct fixture *fixture, const char *method, const char *target, const char *body)
{
    struct credentials *credentials = NULL;
    assert_int_equal(credentials_new(CREDENTIALS_EMBEDDED, fixture->keys, &credentials, NULL),
                     ERR_NONE);
    const struct credential *credential = credentials_current(credentials, NULL);
    assert_non_null(credential);
    int status = ask_as(fixture, credential, now_wall_ms() / 1000, method, target, body);
    credentials_free(credentials);
    return status;
}

static int create_job(struct fixture *fixture, const char *target)
{
    return ask(fixture, "PUT", target,
               "{\"targets\":[\"" ARN ":thing/t\"],\"document\":\"d\",\"namespaceId\":\"ns\"}");
}

static void a_job_goes_its_way_over_the_wire(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(start(fixture), ERR_NONE);
    assert_int_equal(create_job(fixture, "/jobs/j"), 200);
    check_has(fixture->answer, "application/json");
    check_has(fixture->answer, "{\"jobArn\":\"" ARN ":job/j\",\"jobId\":\"j\"}");
    assert_int_equal(ask(fixture, "PATCH", "/jobs/j?namespaceId=ns", "{\"description\":\"x\"}"),
                     200);
    check_has(fixture->answer, "Content-Length: 0\r\n");
    check_has(fixture->answer, "x-amzn-RequestId: ");
    assert_int_equal(ask(fixture, "GET", "/things/t/jobs?maxResults=5&jobId=j", ""), 200);
    check_has(fixture->answer, "\"jobId\":\"j\"");
    assert_int_equal(ask(fixture, "GET", "/jobs/k", ""), 404);
    check_has(fixture->answer, "x-amzn-ErrorType: ResourceNotFoundException\r\n");
    check_has(fixture->answer, "{\"message\":\"Job k cannot be found.\"}");
}

static void nothing_is_done_without_a_right_signature(void **state)
{
    struct fixture *fixture = *state;
    struct credential wrong = {.access_key = "AKIAAAAAAAAAAAAAAAAA", .secret_key = "x"};
    assert_int_equal(start(fixture), ERR_NONE);
    assert_int_equal(exchange(fixture, "PUT /jobs/j HTTP/1.1\r\n", NULL, "{}"), 403);
    check_has(fixture->answer, "x-amzn-ErrorType: MissingAuthenticationTokenException\r\n");
    assert_int_equal(ask_as(fixture, &wrong, now_wall_ms() / 1000, "GET", "/jobs", ""), 403);
    check_has(fixture->answer, "x-amzn-ErrorType: UnrecognizedClientException\r\n");
    /* An unknown path gives nothing away, either. */
    assert_int_equal(exchange(fixture, "GET /nothing HTTP/1.1\r\n", NULL, ""), 403);

    struct credentials *credentials = NULL;
    assert_int_equal(credentials_new(CREDENTIALS_EMBEDDED, fixture->keys, &credentials, NULL),
                     ERR_NONE);
    wrong = *credentials_current(credentials, NULL);
    credentials_free(credentials);
    int64_t now_s = now_wall_ms() / 1000;
    assert_int_equal(ask_as(fixture, &wrong, now_s - 3600, "GET", "/jobs", ""), 403);
    check_has(fixture->answer, "x-amzn-ErrorType: InvalidSignatureException\r\n");
    wrong.secret_key[0] ^= 1;
    assert_int_equal(ask_as(fixture, &wrong, now_s, "PUT", "/jobs/j", "{}"), 403);
    check_has(fixture->answer, "x-amzn-ErrorType: InvalidSignatureException\r\n");
}

static void jobs_and_keys_outlive_a_restart(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(start(fixture), ERR_NONE);
    assert_int_equal(create_job(fixture, "/jobs/j"), 200);
    char *keys = strdup(scratch_read(fixture->keys));
    local_stop(fixture->local);
    fixture->local = NULL;
    assert_int_equal(start(fixture), ERR_NONE);
    assert_string_equal(scratch_read(fixture->keys), keys);
    free(keys);
    assert_int_equal(create_job(fixture, "/jobs/j"), 409);
    check_has(fixture->answer, "\"resourceArn\":\"" ARN ":job/j\"");
}

static void what_it_writes_is_the_owners_alone(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(start(fixture), ERR_NONE);
    const char *const files[] = {fixture->keys, fixture->database};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct stat info;
        assert_int_equal(stat(files[i], &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
    }
}

static void a_garbled_key_file_is_told_and_kept(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {
        "",
        "garbage",
        "[default]\naws_access_key_id = A\n",
        "[other]\naws_access_key_id = A\naws_secret_access_key = B\n",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        scratch_write(fixture->keys, texts[i]);
        fixture->why = (struct why){0};
        assert_int_not_equal(start(fixture), ERR_NONE);
        assert_null(fixture->local);
        check_has(fixture->why.text, fixture->keys);
        assert_string_equal(scratch_read(fixture->keys), texts[i]);
    }
}

static void a_database_or_port_that_is_not_to_be_had_is_told(void **state)
{
    struct fixture *fixture = *state;
    scratch_write(fixture->database, "this is no database, and long enough to have been one");
    assert_int_not_equal(start(fixture), ERR_NONE);
    check_has(fixture->why.text, "jobs.db");
    assert_int_equal(unlink(fixture->database), 0);
    struct local_options options = {
        .listen = "127.0.0.1",
        .database = fixture->database,
        .credentials_file = fixture->keys,
        .region = "us-east-1",
    };
    struct local *local = NULL;
    assert_int_equal(local_start(&options, &local, &fixture->why), ERR_INVALID);
    assert_null(local);
}

static void the_loop_finds_pending_executions(void **state)
{
    struct fixture *fixture = *state;
    struct execution execution = {0};
    assert_int_equal(start(fixture), ERR_NONE);
    assert_int_equal(local_find_execution(fixture->local, STR("t"), STR("j"), &execution),
                     ERR_NOT_FOUND);
    int64_t before_s = now_wall_ms() / 1000;
    assert_int_equal(create_job(fixture, "/jobs/j"), 200);
    assert_int_equal(local_find_execution(fixture->local, STR("t"), STR("j"), &execution),
                     ERR_NONE);
    assert_false(execution.is_in_progress);
    assert_in_range(execution.queued_at_s, before_s, before_s + 60);
    assert_int_equal(execution.version_number, 1);
    assert_int_equal(local_find_execution(fixture->local, STR("u"), STR("j"), &execution),
                     ERR_NOT_FOUND);
    assert_int_equal(ask(fixture, "PUT", "/jobs/j/cancel", "{}"), 200);
    assert_int_equal(local_find_execution(fixture->local, STR("t"), STR("j"), &execution),
                     ERR_NOT_FOUND);
}

static void a_body_that_is_too_large_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char request[] = "PUT /jobs/j HTTP/1.1\r\nHost: local\r\nConnection: close\r\n"
                                  "Content-Length: 262145\r\n\r\n";
    assert_int_equal(start(fixture), ERR_NONE);
    assert_int_equal(
        rawhttp_exchange(local_port(fixture->local), request, sizeof request - 1, fixture->answer),
        413);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_job_goes_its_way_over_the_wire),
        CASE(nothing_is_done_without_a_right_signature),
        CASE(jobs_and_keys_outlive_a_restart),
        CASE(what_it_writes_is_the_owners_alone),
        CASE(a_garbled_key_file_is_told_and_kept),
        CASE(a_database_or_port_that_is_not_to_be_had_is_told),
        CASE(the_loop_finds_pending_executions),
        CASE(a_body_that_is_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
