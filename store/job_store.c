#include "store/job_store.h"

#include "store/statement.h"

#include <sqlite3.h>
#include <stdlib.h>

#define SUMMARY                                                                                    \
    "key, job, namespace, status, selection, starts_ms, created_ms, updated_ms, completed_ms, "    \
    "force_canceled, reason_code, comment"
#define SUMMARY_COLUMNS 12
#define MEMBERS                                                                                    \
    "abort_config, description, retry_config, rollout_config, presigned_url_config, "              \
    "timeout_config"

enum { INSERT, DEFINE, FIND, FIND_DEFINITION, UPDATE, SET_STATE, DELETE, FIND_DUE, FIXED_COUNT };

static const char *const fixed_sql[FIXED_COUNT] = {
    [INSERT] = "INSERT INTO jobs (job, namespace, status, selection, starts_ms, created_ms,"
               " updated_ms, " MEMBERS ")"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [DEFINE] = "INSERT INTO definitions (job_key, targets, document, document_source,"
               " document_parameters, scheduling_config, destination_package_versions)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [FIND] = "SELECT " SUMMARY ", " MEMBERS " FROM jobs WHERE job = ?1",
    [FIND_DEFINITION] = "SELECT targets, document, document_source, document_parameters,"
                        " scheduling_config, destination_package_versions"
                        " FROM definitions WHERE job_key = ?1",
    [UPDATE] = "UPDATE jobs SET updated_ms = ?2,"
               " abort_config = coalesce(?3, abort_config),"
               " description = coalesce(?4, description),"
               " retry_config = coalesce(?5, retry_config),"
               " rollout_config = coalesce(?6, rollout_config),"
               " presigned_url_config = coalesce(?7, presigned_url_config),"
               " timeout_config = coalesce(?8, timeout_config) WHERE key = ?1",
    [SET_STATE] = "UPDATE jobs SET status = ?2, updated_ms = ?3, completed_ms = ?4,"
                  " force_canceled = ?5, reason_code = ?6, comment = ?7 WHERE key = ?1",
    [DELETE] = "DELETE FROM jobs WHERE key = ?1",
    [FIND_DUE] = "SELECT " SUMMARY " FROM jobs INDEXED BY jobs_by_start"
                 " WHERE status = 'SCHEDULED' AND starts_ms <= ?1 ORDER BY starts_ms LIMIT 1",
};

/* A listing has one statement for each set of filters, so that each is one walk along one index. */
enum { BY_STATUS = 1, BY_SELECTION = 2, BY_NAMESPACE = 4, LIST_COUNT = 8 };

struct job_store {
    struct store *store;
    struct statement fixed[FIXED_COUNT];
    struct statement lists[LIST_COUNT];
    struct statement *listing; /* NULL: none was started */
};

static enum err prepare_lists(struct job_store *jobs, struct why *why)
{
    enum err err = ERR_NONE;
    for (size_t filters = 0; filters < LIST_COUNT && err == ERR_NONE; filters++) {
        char sql[512];
        sqlite3_snprintf(sizeof sql, sql,
                         "SELECT " SUMMARY " FROM jobs WHERE key < ?1%s%s%s"
                         " ORDER BY key DESC LIMIT ?2",
                         (filters & BY_STATUS) != 0 ? " AND status = ?3" : "",
                         (filters & BY_SELECTION) != 0 ? " AND selection = ?4" : "",
                         (filters & BY_NAMESPACE) != 0 ? " AND namespace = ?5" : "");
        err = statement_prepare(jobs->store, (const char *const[]){sql}, 1, &jobs->lists[filters],
                                why);
    }
    return err;
}

enum err job_store_new(struct store *store, struct job_store **ret, struct why *why)
{
    struct job_store *jobs = calloc(1, sizeof(struct job_store));
    if (jobs == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    jobs->store = store;
    enum err err = statement_prepare(store, fixed_sql, FIXED_COUNT, jobs->fixed, why);
    if (err == ERR_NONE)
        err = prepare_lists(jobs, why);
    if (err != ERR_NONE)
        goto fail;
    *ret = jobs;
    return ERR_NONE;
fail:
    job_store_free(jobs);
    return err;
}

void job_store_free(struct job_store *jobs)
{
    if (jobs == NULL)
        return;
    statement_free(jobs->fixed, FIXED_COUNT);
    statement_free(jobs->lists, LIST_COUNT);
    free(jobs);
}

static const char *selection_name(bool is_continuous)
{
    return is_continuous ? "CONTINUOUS" : "SNAPSHOT";
}

static void set_time(struct statement *s, int at, int64_t ms)
{
    if (ms != JOB_STORE_NEVER)
        statement_set_int(s, at, ms);
}

static enum err define(struct job_store *jobs, int64_t key, const struct job_definition *definition,
                       struct why *why)
{
    struct statement *s = statement_start(&jobs->fixed[DEFINE]);
    statement_set_int(s, 1, key);
    statement_set_str(s, 2, definition->targets);
    statement_set_str(s, 3, definition->document);
    statement_set_str(s, 4, definition->document_source);
    statement_set_str(s, 5, definition->document_parameters);
    statement_set_str(s, 6, definition->scheduling_config);
    statement_set_str(s, 7, definition->destination_package_versions);
    return statement_run(s, why);
}

enum err job_store_insert(struct job_store *jobs, const struct job_record *record,
                          const struct job_definition *definition, int64_t *ret_key,
                          struct why *why)
{
    struct statement *s = statement_start(&jobs->fixed[INSERT]);
    statement_set_str(s, 1, record->id);
    statement_set_str(s, 2, record->namespace);
    statement_set_text(s, 3, status_job_name(record->status));
    statement_set_text(s, 4, selection_name(record->is_continuous));
    set_time(s, 5, record->starts_ms);
    statement_set_int(s, 6, record->created_ms);
    statement_set_int(s, 7, record->updated_ms);
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        statement_set_str(s, 8 + i, record->member[i]);
    enum err err = statement_run(s, why);
    if (err != ERR_NONE)
        return err;
    int64_t key = statement_last_key(s);
    err = define(jobs, key, definition, why);
    if (err == ERR_NONE)
        *ret_key = key;
    return err;
}

static enum err read_summary(const struct statement *s, struct job_record *ret, struct why *why)
{
    struct job_record record = {
        .key = statement_int(s, 0),
        .id = statement_str(s, 1),
        .namespace = statement_str(s, 2),
        .is_continuous = str_eq_text(statement_str(s, 4), selection_name(true)),
        .starts_ms = statement_int_or(s, 5, JOB_STORE_NEVER),
        .created_ms = statement_int(s, 6),
        .updated_ms = statement_int(s, 7),
        .completed_ms = statement_int_or(s, 8, JOB_STORE_NEVER),
        .is_force_canceled = statement_int(s, 9) != 0,
        .reason_code = statement_str(s, 10),
        .comment = statement_str(s, 11),
    };
    if (!status_job_parse(statement_str(s, 3), &record.status))
        return why_set(why, ERR_IO, NULL, "the database holds a job in no known state");
    *ret = record;
    return ERR_NONE;
}

enum err job_store_find(struct job_store *jobs, struct str id, struct job_record *ret,
                        struct why *why)
{
    struct statement *s = statement_start(&jobs->fixed[FIND]);
    statement_set_str(s, 1, id);
    enum err err = statement_row(s, why);
    if (err == ERR_NONE)
        err = read_summary(s, ret, why);
    if (err != ERR_NONE)
        return err;
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        ret->member[i] = statement_str(s, SUMMARY_COLUMNS + i);
    return ERR_NONE;
}

enum err job_store_find_definition(struct job_store *jobs, int64_t key, struct job_definition *ret,
                                   struct why *why)
{
    struct statement *s = statement_start(&jobs->fixed[FIND_DEFINITION]);
    statement_set_int(s, 1, key);
    enum err err = statement_row(s, why);
    if (err != ERR_NONE)
        return err;
    *ret = (struct job_definition){
        .targets = statement_str(s, 0),
        .document = statement_str(s, 1),
        .document_source = statement_str(s, 2),
        .document_parameters = statement_str(s, 3),
        .scheduling_config = statement_str(s, 4),
        .destination_package_versions = statement_str(s, 5),
    };
    return ERR_NONE;
}

/* A change of the one row of a key. */
static enum err change(struct statement *s, struct why *why)
{
    enum err err = statement_run(s, why);
    if (err == ERR_NONE && statement_changes(s) == 0)
        return why_set(why, ERR_NOT_FOUND, NULL, "no job has this key");
    return err;
}

enum err job_store_update(struct job_store *jobs, int64_t key, const struct update *update,
                          int64_t now_ms, struct why *why)
{
    struct statement *s = statement_start(&jobs->fixed[UPDATE]);
    statement_set_int(s, 1, key);
    statement_set_int(s, 2, now_ms);
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        statement_set_str(s, 3 + i, update->member[i]);
    return change(s, why);
}

enum err job_store_set_state(struct job_store *jobs, const struct job_record *record,
                             struct why *why)
{
    struct statement *s = statement_start(&jobs->fixed[SET_STATE]);
    statement_set_int(s, 1, record->key);
    statement_set_text(s, 2, status_job_name(record->status));
    statement_set_int(s, 3, record->updated_ms);
    set_time(s, 4, record->completed_ms);
    statement_set_int(s, 5, record->is_force_canceled);
    statement_set_str(s, 6, record->reason_code);
    statement_set_str(s, 7, record->comment);
    return change(s, why);
}

enum err job_store_delete(struct job_store *jobs, int64_t key, struct why *why)
{
    struct statement *s = statement_start(&jobs->fixed[DELETE]);
    statement_set_int(s, 1, key);
    return change(s, why);
}

enum err job_store_find_due(struct job_store *jobs, int64_t now_ms, struct job_record *ret,
                            struct why *why)
{
    struct statement *s = statement_start(&jobs->fixed[FIND_DUE]);
    statement_set_int(s, 1, now_ms);
    enum err err = statement_row(s, why);
    return err == ERR_NONE ? read_summary(s, ret, why) : err;
}

void job_store_list(struct job_store *jobs, const struct job_filter *filter, int64_t before_key,
                    int64_t count)
{
    size_t filters = (filter->status != NULL ? BY_STATUS : 0u) |
                     (filter->is_continuous != NULL ? BY_SELECTION : 0u) |
                     (str_is_absent(filter->namespace) ? 0u : BY_NAMESPACE);
    struct statement *s = statement_start(&jobs->lists[filters]);
    statement_set_int(s, 1, before_key);
    statement_set_int(s, 2, count);
    if (filter->status != NULL)
        statement_set_text(s, 3, status_job_name(*filter->status));
    if (filter->is_continuous != NULL)
        statement_set_text(s, 4, selection_name(*filter->is_continuous));
    if (!str_is_absent(filter->namespace))
        statement_set_str(s, 5, filter->namespace);
    jobs->listing = s;
}

enum err job_store_next(struct job_store *jobs, struct job_record *ret, struct why *why)
{
    enum err err = statement_row(jobs->listing, why);
    return err == ERR_NONE ? read_summary(jobs->listing, ret, why) : err;
}
