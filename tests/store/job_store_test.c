#include "store/job_store.h"
#include "tests/check.h"
#include "tests/store/jobs_file.h"

#include <stdio.h>

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

static struct job_record find(struct jobs_file *file, const char *id)
{
    struct job_record job = {0};
    assert_int_equal(job_store_find(file->jobs, str_of(id), &job, NULL), ERR_NONE);
    return job;
}

static const struct job_definition full_definition = {
    .targets = {"[\"t\"]", 5},
    .document = {"doc", 3},
    .document_source = {"source", 6},
    .document_parameters = {"{\"p\":\"v\"}", 9},
    .scheduling_config = {"{}", 2},
    .destination_package_versions = {"[]", 2},
};

static void a_whole_job_comes_back_as_it_was(void **state)
{
    struct jobs_file *file = *state;
    struct job_record in = {
        .id = STR("j"),
        .namespace = STR("ns"),
        .status = JOB_SCHEDULED,
        .is_continuous = true,
        .starts_ms = 5000,
        .created_ms = 1001,
        .updated_ms = 1002,
        .completed_ms = JOB_STORE_NEVER,
    };
    static const char *const members[UPDATE_MEMBER_COUNT] = {"0", "1", "2", "3", "4", "5"};
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        in.member[i] = str_of(members[i]);
    int64_t key = 0;
    assert_int_equal(job_store_insert(file->jobs, &in, &full_definition, &key, NULL), ERR_NONE);

    struct job_record out = find(file, "j");
    assert_int_equal(out.key, key);
    check_str(out.id, "j");
    check_str(out.namespace, "ns");
    assert_int_equal(out.status, JOB_SCHEDULED);
    assert_true(out.is_continuous);
    assert_int_equal(out.starts_ms, 5000);
    assert_int_equal(out.created_ms, 1001);
    assert_int_equal(out.updated_ms, 1002);
    assert_true(out.completed_ms == JOB_STORE_NEVER);
    assert_false(out.is_force_canceled);
    check_str(out.comment, NULL);
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        check_str(out.member[i], members[i]);

    struct job_definition definition;
    assert_int_equal(job_store_find_definition(file->jobs, key, &definition, NULL), ERR_NONE);
    check_str(definition.targets, "[\"t\"]");
    check_str(definition.document, "doc");
    check_str(definition.document_source, "source");
    check_str(definition.document_parameters, "{\"p\":\"v\"}");
    check_str(definition.scheduling_config, "{}");
    check_str(definition.destination_package_versions, "[]");
}

static void an_id_is_taken_once(void **state)
{
    struct jobs_file *file = *state;
    int64_t key = jobs_file_add_job(file, "j", NULL);
    const struct job_record again = find(file, "j");
    int64_t other = -1;
    assert_int_equal(job_store_insert(file->jobs, &again, &full_definition, &other, NULL),
                     ERR_EXISTS);
    assert_int_equal(other, -1);
    assert_int_equal(find(file, "j").key, key);
}

static void what_is_not_there_is_not_found(void **state)
{
    struct jobs_file *file = *state;
    struct job_record job;
    struct job_definition definition;
    const struct update none = {0};
    assert_int_equal(job_store_find(file->jobs, STR("j"), &job, NULL), ERR_NOT_FOUND);
    assert_int_equal(job_store_find_definition(file->jobs, 1, &definition, NULL), ERR_NOT_FOUND);
    assert_int_equal(job_store_update(file->jobs, 1, &none, 1, NULL), ERR_NOT_FOUND);
    assert_int_equal(job_store_delete(file->jobs, 1, NULL), ERR_NOT_FOUND);
    const struct job_record ghost = {.key = 1};
    assert_int_equal(job_store_set_state(file->jobs, &ghost, NULL), ERR_NOT_FOUND);
}

static void an_update_replaces_what_it_has(void **state)
{
    struct jobs_file *file = *state;
    int64_t key = jobs_file_add_job(file, "j", NULL);
    struct update update = {0};
    update.member[UPDATE_DESCRIPTION] = STR("\"a\"");
    update.member[UPDATE_TIMEOUT_CONFIG] = STR("{\"t\":1}");
    assert_int_equal(job_store_update(file->jobs, key, &update, 2000, NULL), ERR_NONE);
    update = (struct update){0};
    update.member[UPDATE_DESCRIPTION] = STR("\"b\"");
    assert_int_equal(job_store_update(file->jobs, key, &update, 3000, NULL), ERR_NONE);
    struct job_record job = find(file, "j");
    check_str(job.member[UPDATE_DESCRIPTION], "\"b\"");
    check_str(job.member[UPDATE_TIMEOUT_CONFIG], "{\"t\":1}");
    check_str(job.member[UPDATE_ABORT_CONFIG], NULL);
    assert_int_equal(job.created_ms, 1000);
    assert_int_equal(job.updated_ms, 3000);
}

static void a_state_is_written_and_nothing_else(void **state)
{
    struct jobs_file *file = *state;
    jobs_file_add_job(file, "j", "ns");
    struct job_record job = find(file, "j");
    job.status = JOB_CANCELED;
    job.is_force_canceled = true;
    job.reason_code = STR("R");
    job.comment = STR("c");
    job.updated_ms = 2000;
    job.completed_ms = 3000;
    job.created_ms = 9;
    assert_int_equal(job_store_set_state(file->jobs, &job, NULL), ERR_NONE);
    job = find(file, "j");
    assert_int_equal(job.status, JOB_CANCELED);
    assert_true(job.is_force_canceled);
    check_str(job.reason_code, "R");
    check_str(job.comment, "c");
    assert_int_equal(job.updated_ms, 2000);
    assert_int_equal(job.completed_ms, 3000);
    assert_int_equal(job.created_ms, 1000);
    check_str(job.namespace, "ns");
}

static void deleting_takes_all_with_it(void **state)
{
    struct jobs_file *file = *state;
    int64_t key = jobs_file_add_job(file, "j", NULL);
    int64_t other = jobs_file_add_job(file, "k", NULL);
    jobs_file_add_execution(file, key, "t", NULL, EXECUTION_QUEUED);
    jobs_file_add_execution(file, other, "t", NULL, EXECUTION_QUEUED);
    assert_int_equal(job_store_delete(file->jobs, key, NULL), ERR_NONE);
    struct execution_record execution;
    struct job_definition definition;
    assert_int_equal(execution_store_find(file->executions, STR("j"), STR("t"), &execution, NULL),
                     ERR_NOT_FOUND);
    assert_int_equal(job_store_find_definition(file->jobs, key, &definition, NULL), ERR_NOT_FOUND);
    assert_int_equal(execution_store_find(file->executions, STR("k"), STR("t"), &execution, NULL),
                     ERR_NONE);
}

static void set_start(struct jobs_file *file, const char *id, int64_t starts_ms,
                      enum job_status status)
{
    struct job_record job = {
        .id = str_of(id),
        .status = status,
        .starts_ms = starts_ms,
        .completed_ms = JOB_STORE_NEVER,
    };
    assert_int_equal(job_store_insert(file->jobs, &job, &full_definition, &job.key, NULL),
                     ERR_NONE);
}

static void the_first_due_comes_first(void **state)
{
    struct jobs_file *file = *state;
    struct job_record job;
    set_start(file, "late", 3000, JOB_SCHEDULED);
    set_start(file, "early", 2000, JOB_SCHEDULED);
    set_start(file, "gone", 1000, JOB_CANCELED);
    assert_int_equal(job_store_find_due(file->jobs, 1999, &job, NULL), ERR_NOT_FOUND);
    assert_int_equal(job_store_find_due(file->jobs, 9999, &job, NULL), ERR_NONE);
    check_str(job.id, "early");
}

/* The ids of a listing, run together. */
static const char *list(struct jobs_file *file, const struct job_filter *filter, int64_t before_key,
                        int64_t count)
{
    static char ids[256];
    struct job_record job;
    enum err err;
    size_t n = 0;
    job_store_list(file->jobs, filter, before_key, count);
    while ((err = job_store_next(file->jobs, &job, NULL)) == ERR_NONE) {
        memcpy(ids + n, job.id.p, job.id.n);
        n += job.id.n;
    }
    assert_int_equal(err, ERR_NOT_FOUND);
    ids[n] = '\0';
    return ids;
}

static void every_set_of_filters_lists_what_it_says(void **state)
{
    struct jobs_file *file = *state;
    int64_t keys[8];
    for (int i = 0; i < 8; i++) {
        const char id[] = {(char)('a' + i), '\0'};
        struct job_record job = {
            .id = str_of(id),
            .namespace = (i & 4) != 0 ? STR("ns") : STR_NONE,
            .status = (i & 1) != 0 ? JOB_CANCELED : JOB_IN_PROGRESS,
            .is_continuous = (i & 2) != 0,
            .starts_ms = JOB_STORE_NEVER,
            .completed_ms = JOB_STORE_NEVER,
        };
        assert_int_equal(job_store_insert(file->jobs, &job, &full_definition, &keys[i], NULL),
                         ERR_NONE);
    }
    const enum job_status canceled = JOB_CANCELED;
    const bool continuous = true;
    static const char *const expected[8] = {"hgfedcba", "hfdb", "hgdc", "hd",
                                            "hgfe",     "hf",   "hg",   "h"};
    for (int i = 0; i < 8; i++) {
        const struct job_filter filter = {
            .status = (i & 1) != 0 ? &canceled : NULL,
            .is_continuous = (i & 2) != 0 ? &continuous : NULL,
            .namespace = (i & 4) != 0 ? STR("ns") : STR_NONE,
        };
        assert_string_equal(list(file, &filter, INT64_MAX, 100), expected[i]);
    }
    const struct job_filter all = {0};
    assert_string_equal(list(file, &all, keys[6], 3), "fed");
    assert_string_equal(list(file, &all, keys[0], 3), "");
    assert_string_equal(list(file, &all, INT64_MAX, 0), "");
}

static void every_question_is_a_search(void **state)
{
    jobs_file_check_plans(*state);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_whole_job_comes_back_as_it_was),    CASE(an_id_is_taken_once),
        CASE(what_is_not_there_is_not_found),      CASE(an_update_replaces_what_it_has),
        CASE(a_state_is_written_and_nothing_else), CASE(deleting_takes_all_with_it),
        CASE(the_first_due_comes_first),           CASE(every_set_of_filters_lists_what_it_says),
        CASE(every_question_is_a_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
