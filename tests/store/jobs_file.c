#include "tests/store/jobs_file.h"

#include "store/job_schema.h"
#include "tests/check.h"

#include <sqlite3.h>
#include <stdio.h>

void jobs_file_init(struct jobs_file *file)
{
    scratch_init(&file->scratch);
    const struct store_options options = {
        .path = scratch_file(&file->scratch, "jobs.db"),
        .sync = STORE_SYNC_NORMAL,
        .access = STORE_WRITE,
        .migrations = job_schema_migrations,
        .migration_count = job_schema_migration_count,
    };
    assert_int_equal(store_open(&options, &file->store, NULL), ERR_NONE);
    assert_int_equal(job_store_new(file->store, &file->jobs, NULL), ERR_NONE);
    assert_int_equal(execution_store_new(file->store, &file->executions, NULL), ERR_NONE);
}

void jobs_file_fini(struct jobs_file *file)
{
    store_rollback(file->store);
    execution_store_free(file->executions);
    job_store_free(file->jobs);
    store_close(file->store);
    scratch_fini(&file->scratch);
}

int64_t jobs_file_add_job(struct jobs_file *file, const char *id, const char *namespace)
{
    const struct job_definition definition = {.targets = STR("[]"), .document = STR("d")};
    const struct job_record record = {
        .id = str_of(id),
        .namespace = str_of(namespace),
        .status = JOB_IN_PROGRESS,
        .starts_ms = JOB_STORE_NEVER,
        .created_ms = 1000,
        .updated_ms = 1000,
        .completed_ms = JOB_STORE_NEVER,
    };
    int64_t key = 0;
    assert_int_equal(job_store_insert(file->jobs, &record, &definition, &key, NULL), ERR_NONE);
    return key;
}

void jobs_file_add_execution(struct jobs_file *file, int64_t job_key, const char *thing,
                             const char *namespace, enum execution_status status)
{
    const struct execution_record record = {
        .job_key = job_key,
        .thing = str_of(thing),
        .namespace = str_of(namespace),
        .status = status,
        .number = 1,
        .version = 1,
        .queued_ms = 1000,
        .started_ms = EXECUTION_STORE_NEVER,
        .updated_ms = 1000,
    };
    assert_int_equal(execution_store_insert(file->executions, &record, NULL), ERR_NONE);
}

/* EXPLAIN QUERY PLAN has one row per step, its words in the fourth column. */
static void check_plan(struct sqlite3 *db, const char *sql)
{
    char explain[4096];
    struct sqlite3_stmt *plan = NULL;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        if (strstr(step, "SCAN") != NULL || strstr(step, "TEMP B-TREE") != NULL)
            print_error("%s: %s\n", step, sql);
        assert_null(strstr(step, "SCAN"));
        assert_null(strstr(step, "TEMP B-TREE"));
    }
    sqlite3_finalize(plan);
}

void jobs_file_check_plans(struct jobs_file *file)
{
    struct sqlite3 *db = store_handle(file->store);
    char sql[2048];
    int count = 0;
    struct sqlite3_stmt *statement = sqlite3_next_stmt(db, NULL);
    for (; statement != NULL; statement = sqlite3_next_stmt(db, statement), count++) {
        snprintf(sql, sizeof sql, "%s", sqlite3_sql(statement));
        check_plan(db, sql);
    }
    assert_true(count > 20);
}
