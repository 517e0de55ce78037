/* What dialogues cannot show: a database that is full, or gone bad. */
#include "local/dispatch.h"
#include "store/job_schema.h"
#include "tests/check.h"
#include "tests/local/scratch.h"

#include <sqlite3.h>
#include <stdio.h>

#define FILE_BYTES ((int64_t)256 * 1024)

struct fixture {
    struct scratch scratch;
    struct dispatch dispatch;
    struct server_response response;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.dispatch = {.region = "us-east-1"}};
    scratch_init(&fixture.scratch);
    struct dispatch *dispatch = &fixture.dispatch;
    const struct store_options options = {
        .path = scratch_file(&fixture.scratch, "jobs.db"),
        .sync = STORE_SYNC_NORMAL,
        .access = STORE_WRITE,
        .migrations = job_schema_migrations,
        .migration_count = job_schema_migration_count,
        .bytes_max = FILE_BYTES,
    };
    *state = &fixture;
    return store_open(&options, &dispatch->store, NULL) != ERR_NONE ||
           job_store_new(dispatch->store, &dispatch->jobs, NULL) != ERR_NONE ||
           execution_store_new(dispatch->store, &dispatch->executions, NULL) != ERR_NONE;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    execution_store_free(fixture->dispatch.executions);
    job_store_free(fixture->dispatch.jobs);
    store_close(fixture->dispatch.store);
    buf_fini(&fixture->response.body);
    scratch_fini(&fixture->scratch);
    return 0;
}

static int ask(struct fixture *fixture, const char *method, const char *path, const char *body)
{
    const struct server_request request = {
        .method = method,
        .path = str_of(path),
        .body = str_of(body),
    };
    buf_fini(&fixture->response.body);
    fixture->response = (struct server_response){.status = 0};
    buf_init(&fixture->response.body, SERVER_ANSWER_BYTES);
    dispatch_request(&fixture->dispatch, 1000, &request, &fixture->response);
    return fixture->response.status;
}

static int create_job(struct fixture *fixture, int number)
{
    char path[32];
    char body[10240];
    snprintf(path, sizeof path, "/jobs/j%d", number);
    snprintf(
        body, sizeof body,
        "{\"targets\":[\"arn:aws:iot:us-east-1:123456789012:thing/t\"],\"document\":\"%08000d\"}",
        0);
    return ask(fixture, "PUT", path, body);
}

static void a_full_database_refuses_and_goes_on(void **state)
{
    struct fixture *fixture = *state;
    char path[32];
    int count = 0;
    while (create_job(fixture, count) == 200 && count < 100)
        count++;
    assert_in_range(count, 5, 40);
    assert_int_equal(fixture->response.status, 503);
    check_str(str_of(fixture->response.headers[0].value), "ServiceUnavailableException");
    check_str(buf_str(&fixture->response.body),
              "{\"message\":\"The service is temporarily unavailable.\"}");
    /* The job that did not fit has left nothing; the others are whole. */
    snprintf(path, sizeof path, "/jobs/j%d", count);
    assert_int_equal(ask(fixture, "GET", path, ""), 404);
    snprintf(path, sizeof path, "/jobs/j%d", count - 1);
    assert_int_equal(ask(fixture, "GET", path, ""), 200);
    check_has(buf_text(&fixture->response.body), "\"numberOfQueuedThings\":1");
    assert_int_equal(ask(fixture, "DELETE", "/jobs/j0", ""), 409);
    assert_int_equal(ask(fixture, "PUT", "/jobs/j0/cancel", ""), 200);
    assert_int_equal(ask(fixture, "DELETE", "/jobs/j0", ""), 200);
    assert_int_equal(create_job(fixture, count), 200);
}

static void a_database_gone_bad_is_an_internal_failure(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(create_job(fixture, 1), 200);
    assert_int_equal(sqlite3_exec(store_handle(fixture->dispatch.store),
                                  "UPDATE jobs SET status = 'LOST'", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(ask(fixture, "GET", "/jobs/j1", ""), 500);
    check_str(str_of(fixture->response.headers[0].value), "InternalFailureException");
    check_str(buf_str(&fixture->response.body),
              "{\"message\":\"An unexpected error has occurred.\"}");
    assert_int_equal(create_job(fixture, 2), 200);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_full_database_refuses_and_goes_on),
        CASE(a_database_gone_bad_is_an_internal_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
