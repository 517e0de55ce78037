#include "store/execution_store.h"
#include "tests/check.h"
#include "tests/store/jobs_file.h"

static int set_up(void **state)
{
    static struct jobs_file file;
    file = (struct jobs_file){0};
    jobs_file_init(&file);
    *state = &file;
    return store_begin(file.store, STORE_WRITE, NULL) != ERR_NONE;
}

static int tear_down(void **state)
{
    jobs_file_fini(*state);
    return 0;
}

static struct execution_record find(struct jobs_file *file, const char *job, const char *thing)
{
    struct execution_record execution = {0};
    assert_int_equal(
        execution_store_find(file->executions, str_of(job), str_of(thing), &execution, NULL),
        ERR_NONE);
    return execution;
}

static void an_execution_comes_back_as_it_was(void **state)
{
    struct jobs_file *file = *state;
    const struct execution_record in = {
        .job_key = jobs_file_add_job(file, "j", "ns"),
        .thing = STR("a:b"),
        .namespace = STR("ns"),
        .status = EXECUTION_IN_PROGRESS,
        .is_force_canceled = true,
        .status_details = STR("{}"),
        .number = 2,
        .version = 3,
        .queued_ms = 1001,
        .started_ms = 1002,
        .updated_ms = 1003,
    };
    assert_int_equal(execution_store_insert(file->executions, &in, NULL), ERR_NONE);
    assert_int_equal(execution_store_insert(file->executions, &in, NULL), ERR_EXISTS);
    struct execution_record out = find(file, "j", "a:b");
    assert_int_equal(out.job_key, in.job_key);
    check_str(out.job, "j");
    check_str(out.thing, "a:b");
    assert_int_equal(out.status, EXECUTION_IN_PROGRESS);
    assert_true(out.is_force_canceled);
    check_str(out.status_details, "{}");
    assert_int_equal(out.number, 2);
    assert_int_equal(out.version, 3);
    assert_int_equal(out.queued_ms, 1001);
    assert_int_equal(out.started_ms, 1002);
    assert_int_equal(out.updated_ms, 1003);
}

static void an_execution_needs_its_job(void **state)
{
    struct jobs_file *file = *state;
    const struct execution_record orphan = {.job_key = 1, .thing = STR("t")};
    assert_int_equal(execution_store_insert(file->executions, &orphan, NULL), ERR_IO);
}

static void changes_find_their_row_or_say_so(void **state)
{
    struct jobs_file *file = *state;
    int64_t key = jobs_file_add_job(file, "j", NULL);
    jobs_file_add_execution(file, key, "t", NULL, EXECUTION_QUEUED);
    struct execution_record execution = find(file, "j", "t");
    execution.status = EXECUTION_FAILED;
    execution.version = 2;
    execution.updated_ms = 2000;
    assert_int_equal(execution_store_set_state(file->executions, &execution, NULL), ERR_NONE);
    execution = find(file, "j", "t");
    assert_int_equal(execution.status, EXECUTION_FAILED);
    assert_int_equal(execution.version, 2);
    assert_int_equal(execution.updated_ms, 2000);
    assert_int_equal(execution_store_delete(file->executions, key, STR("t"), NULL), ERR_NONE);
    assert_int_equal(execution_store_delete(file->executions, key, STR("t"), NULL), ERR_NOT_FOUND);
    assert_int_equal(execution_store_set_state(file->executions, &execution, NULL), ERR_NOT_FOUND);
}

static void cancelling_takes_one_state_of_one_job(void **state)
{
    struct jobs_file *file = *state;
    int64_t key = jobs_file_add_job(file, "j", NULL);
    int64_t other = jobs_file_add_job(file, "k", NULL);
    jobs_file_add_execution(file, key, "a", NULL, EXECUTION_QUEUED);
    jobs_file_add_execution(file, key, "b", NULL, EXECUTION_QUEUED);
    jobs_file_add_execution(file, key, "c", NULL, EXECUTION_IN_PROGRESS);
    jobs_file_add_execution(file, other, "a", NULL, EXECUTION_QUEUED);
    assert_int_equal(
        execution_store_cancel_all(file->executions, key, EXECUTION_QUEUED, true, 2000, NULL),
        ERR_NONE);
    int64_t counts[EXECUTION_STATUS_COUNT];
    assert_int_equal(execution_store_count(file->executions, key, counts, NULL), ERR_NONE);
    for (int i = 0; i < EXECUTION_STATUS_COUNT; i++)
        assert_int_equal(counts[i], i == EXECUTION_CANCELED ? 2 : i == EXECUTION_IN_PROGRESS);
    struct execution_record execution = find(file, "j", "b");
    assert_int_equal(execution.version, 2);
    assert_int_equal(execution.updated_ms, 2000);
    assert_true(execution.is_force_canceled);
    assert_int_equal(find(file, "k", "a").status, EXECUTION_QUEUED);
}

static void pending_is_queued_or_in_progress(void **state)
{
    struct jobs_file *file = *state;
    int64_t key = jobs_file_add_job(file, "j", NULL);
    jobs_file_add_execution(file, key, "queued", NULL, EXECUTION_QUEUED);
    jobs_file_add_execution(file, key, "done", NULL, EXECUTION_SUCCEEDED);
    struct execution pending = {0};
    assert_int_equal(
        execution_store_find_pending(file->executions, STR("j"), STR("queued"), &pending, NULL),
        ERR_NONE);
    assert_false(pending.is_in_progress);
    assert_int_equal(pending.queued_at_s, 1);
    assert_true(pending.started_at_s == -1);
    assert_int_equal(pending.last_updated_at_s, 1);
    assert_int_equal(pending.execution_number, 1);
    assert_int_equal(pending.version_number, 1);
    static const char *const others[] = {"done", "nobody"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(execution_store_find_pending(file->executions, STR("j"), str_of(others[i]),
                                                      &pending, NULL),
                         ERR_NOT_FOUND);
}

/* The first letters of job and thing of each row. */
static const char *rows(struct jobs_file *file)
{
    static char text[256];
    struct execution_record execution;
    enum err err;
    size_t n = 0;
    while ((err = execution_store_next(file->executions, &execution, NULL)) == ERR_NONE) {
        text[n++] = execution.job.p[0];
        text[n++] = execution.thing.p[0];
        text[n++] = ' ';
    }
    assert_int_equal(err, ERR_NOT_FOUND);
    text[n] = '\0';
    return text;
}

static void listings_are_in_order_and_filtered(void **state)
{
    struct jobs_file *file = *state;
    int64_t j = jobs_file_add_job(file, "j", "ns");
    int64_t k = jobs_file_add_job(file, "k", NULL);
    int64_t l = jobs_file_add_job(file, "l", "ns");
    const enum execution_status queued = EXECUTION_QUEUED;
    const int64_t keys[] = {j, k, l};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const char *namespace = keys[i] == k ? NULL : "ns";
        jobs_file_add_execution(file, keys[i], "b", namespace, EXECUTION_FAILED);
        jobs_file_add_execution(file, keys[i], "a", namespace,
                                keys[i] == j ? EXECUTION_FAILED : EXECUTION_QUEUED);
    }
    execution_store_list_job(file->executions, k, NULL, STR(""), 10);
    assert_string_equal(rows(file), "ka kb ");
    execution_store_list_job(file->executions, k, NULL, STR("a"), 10);
    assert_string_equal(rows(file), "kb ");
    execution_store_list_job(file->executions, k, NULL, STR(""), 1);
    assert_string_equal(rows(file), "ka ");
    execution_store_list_job(file->executions, k, &queued, STR(""), 10);
    assert_string_equal(rows(file), "ka ");

    struct execution_filter filter = {.before_key = INT64_MAX};
    execution_store_list_thing(file->executions, STR("a"), &filter, 10);
    assert_string_equal(rows(file), "la ka ja ");
    filter.namespace = STR("ns");
    execution_store_list_thing(file->executions, STR("a"), &filter, 10);
    assert_string_equal(rows(file), "la ja ");
    filter.status = &queued;
    execution_store_list_thing(file->executions, STR("a"), &filter, 10);
    assert_string_equal(rows(file), "la ");
    filter.namespace = STR_NONE;
    execution_store_list_thing(file->executions, STR("a"), &filter, 1);
    assert_string_equal(rows(file), "la ");
    filter = (struct execution_filter){.from_key = k, .before_key = k + 1};
    execution_store_list_thing(file->executions, STR("a"), &filter, 10);
    assert_string_equal(rows(file), "ka ");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(an_execution_comes_back_as_it_was), CASE(an_execution_needs_its_job),
        CASE(changes_find_their_row_or_say_so),  CASE(cancelling_takes_one_state_of_one_job),
        CASE(pending_is_queued_or_in_progress),  CASE(listings_are_in_order_and_filtered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
