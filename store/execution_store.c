#include "store/execution_store.h"

#include "store/statement.h"

#include <sqlite3.h>
#include <stdlib.h>

#define COLUMNS                                                                                    \
    "e.job_key, j.job, e.thing, e.status, e.force_canceled, e.status_details, e.number, "          \
    "e.version, e.queued_ms, e.started_ms, e.updated_ms"
/* The left side of a CROSS JOIN is the outer loop: executions lead, in the order of their index. */
#define FROM_LIST " FROM executions AS e CROSS JOIN jobs AS j ON j.key = e.job_key"
#define FROM_ONE  " FROM jobs AS j CROSS JOIN executions AS e ON e.job_key = j.key"

enum {
    INSERT,
    FIND,
    SET_STATE,
    DELETE,
    CANCEL_ALL,
    COUNT,
    LIST_JOB,
    LIST_JOB_BY_STATUS,
    LIST_THING,
    LIST_THING_BY_STATUS,
    LIST_THING_BY_NAMESPACE,
    LIST_THING_BY_BOTH,
    STATEMENT_COUNT
};

#define LIST_THING_SQL(filters)                                                                    \
    "SELECT " COLUMNS FROM_LIST                                                                    \
    " WHERE e.thing = ?1 AND e.job_key >= ?6 AND e.job_key < ?2" filters                           \
    " ORDER BY e.job_key DESC LIMIT ?3"

static const char *const sql[STATEMENT_COUNT] = {
    [INSERT] = "INSERT INTO executions (job_key, thing, namespace, status, force_canceled,"
               " status_details, number, version, queued_ms, started_ms, updated_ms)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [FIND] = "SELECT " COLUMNS FROM_ONE " WHERE j.job = ?1 AND e.thing = ?2",
    [SET_STATE] = "UPDATE executions SET status = ?3, force_canceled = ?4, status_details = ?5,"
                  " version = ?6, updated_ms = ?7 WHERE job_key = ?1 AND thing = ?2",
    [DELETE] = "DELETE FROM executions WHERE job_key = ?1 AND thing = ?2",
    [CANCEL_ALL] = "UPDATE executions SET status = 'CANCELED', force_canceled = ?3,"
                   " version = version + 1, updated_ms = ?4 WHERE job_key = ?1 AND status = ?2",
    [COUNT] = "SELECT status, count(*) FROM executions WHERE job_key = ?1 GROUP BY status",
    [LIST_JOB] = "SELECT " COLUMNS FROM_LIST " WHERE e.job_key = ?1 AND e.thing > ?2"
                 " ORDER BY e.thing LIMIT ?3",
    [LIST_JOB_BY_STATUS] = "SELECT " COLUMNS FROM_LIST " WHERE e.job_key = ?1 AND e.thing > ?2"
                           " AND e.status = ?4 ORDER BY e.thing LIMIT ?3",
    [LIST_THING] = LIST_THING_SQL(""),
    [LIST_THING_BY_STATUS] = LIST_THING_SQL(" AND e.status = ?4"),
    [LIST_THING_BY_NAMESPACE] = LIST_THING_SQL(" AND e.namespace = ?5"),
    [LIST_THING_BY_BOTH] = LIST_THING_SQL(" AND e.status = ?4 AND e.namespace = ?5"),
};

struct execution_store {
    struct store *store;
    struct statement statements[STATEMENT_COUNT];
    struct statement *listing; /* NULL: none was started */
};

enum err execution_store_new(struct store *store, struct execution_store **ret, struct why *why)
{
    struct execution_store *executions = calloc(1, sizeof(struct execution_store));
    if (executions == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    executions->store = store;
    enum err err = statement_prepare(store, sql, STATEMENT_COUNT, executions->statements, why);
    if (err != ERR_NONE) {
        execution_store_free(executions);
        return err;
    }
    *ret = executions;
    return ERR_NONE;
}

void execution_store_free(struct execution_store *executions)
{
    if (executions == NULL)
        return;
    statement_free(executions->statements, STATEMENT_COUNT);
    free(executions);
}

enum err execution_store_insert(struct execution_store *executions,
                                const struct execution_record *record, struct why *why)
{
    struct statement *s = statement_start(&executions->statements[INSERT]);
    statement_set_int(s, 1, record->job_key);
    statement_set_str(s, 2, record->thing);
    statement_set_str(s, 3, record->namespace);
    statement_set_text(s, 4, status_execution_name(record->status));
    statement_set_int(s, 5, record->is_force_canceled);
    statement_set_str(s, 6, record->status_details);
    statement_set_int(s, 7, record->number);
    statement_set_int(s, 8, record->version);
    statement_set_int(s, 9, record->queued_ms);
    if (record->started_ms != EXECUTION_STORE_NEVER)
        statement_set_int(s, 10, record->started_ms);
    statement_set_int(s, 11, record->updated_ms);
    return statement_run(s, why);
}

static enum err no_known_state(struct why *why)
{
    return why_set(why, ERR_IO, NULL, "the database holds an execution in no known state");
}

static enum err read_record(const struct statement *s, struct execution_record *ret,
                            struct why *why)
{
    struct execution_record record = {
        .job_key = statement_int(s, 0),
        .job = statement_str(s, 1),
        .thing = statement_str(s, 2),
        .is_force_canceled = statement_int(s, 4) != 0,
        .status_details = statement_str(s, 5),
        .number = statement_int(s, 6),
        .version = statement_int(s, 7),
        .queued_ms = statement_int(s, 8),
        .started_ms = statement_int_or(s, 9, EXECUTION_STORE_NEVER),
        .updated_ms = statement_int(s, 10),
    };
    if (!status_execution_parse(statement_str(s, 3), &record.status))
        return no_known_state(why);
    *ret = record;
    return ERR_NONE;
}

static enum err find(struct statement *s, struct str job, struct str thing,
                     struct execution_record *ret, struct why *why)
{
    statement_set_str(s, 1, job);
    statement_set_str(s, 2, thing);
    enum err err = statement_row(s, why);
    return err == ERR_NONE ? read_record(s, ret, why) : err;
}

enum err execution_store_find(struct execution_store *executions, struct str job, struct str thing,
                              struct execution_record *ret, struct why *why)
{
    return find(statement_start(&executions->statements[FIND]), job, thing, ret, why);
}

enum err execution_store_find_pending(struct execution_store *executions, struct str job,
                                      struct str thing, struct execution *ret, struct why *why)
{
    struct statement *s = statement_start(&executions->statements[FIND]);
    struct execution_record record = {0};
    enum err err = find(s, job, thing, &record, why);
    if (err == ERR_NONE && !status_execution_is_pending(record.status))
        err = ERR_NOT_FOUND;
    if (err == ERR_NONE)
        *ret = (struct execution){
            .is_in_progress = record.status == EXECUTION_IN_PROGRESS,
            .queued_at_s = record.queued_ms / 1000,
            .started_at_s = record.started_ms == EXECUTION_STORE_NEVER ? EXECUTION_STORE_NEVER
                                                                       : record.started_ms / 1000,
            .last_updated_at_s = record.updated_ms / 1000,
            .execution_number = record.number,
            .version_number = record.version,
        };
    statement_start(s); /* ends the read, which has no transaction around it */
    return err;
}

static enum err change(struct statement *s, struct why *why)
{
    enum err err = statement_run(s, why);
    if (err == ERR_NONE && statement_changes(s) == 0)
        return why_set(why, ERR_NOT_FOUND, NULL, "no execution has this key");
    return err;
}

enum err execution_store_set_state(struct execution_store *executions,
                                   const struct execution_record *record, struct why *why)
{
    struct statement *s = statement_start(&executions->statements[SET_STATE]);
    statement_set_int(s, 1, record->job_key);
    statement_set_str(s, 2, record->thing);
    statement_set_text(s, 3, status_execution_name(record->status));
    statement_set_int(s, 4, record->is_force_canceled);
    statement_set_str(s, 5, record->status_details);
    statement_set_int(s, 6, record->version);
    statement_set_int(s, 7, record->updated_ms);
    return change(s, why);
}

enum err execution_store_delete(struct execution_store *executions, int64_t job_key,
                                struct str thing, struct why *why)
{
    struct statement *s = statement_start(&executions->statements[DELETE]);
    statement_set_int(s, 1, job_key);
    statement_set_str(s, 2, thing);
    return change(s, why);
}

enum err execution_store_cancel_all(struct execution_store *executions, int64_t job_key,
                                    enum execution_status in, bool is_forced, int64_t now_ms,
                                    struct why *why)
{
    struct statement *s = statement_start(&executions->statements[CANCEL_ALL]);
    statement_set_int(s, 1, job_key);
    statement_set_text(s, 2, status_execution_name(in));
    statement_set_int(s, 3, is_forced);
    statement_set_int(s, 4, now_ms);
    return statement_run(s, why);
}

enum err execution_store_count(struct execution_store *executions, int64_t job_key,
                               int64_t ret[static EXECUTION_STATUS_COUNT], struct why *why)
{
    int64_t counts[EXECUTION_STATUS_COUNT] = {0};
    struct statement *s = statement_start(&executions->statements[COUNT]);
    statement_set_int(s, 1, job_key);
    enum err err = statement_row(s, why);
    for (; err == ERR_NONE; err = statement_row(s, why)) {
        enum execution_status status;
        if (!status_execution_parse(statement_str(s, 0), &status))
            return no_known_state(why);
        counts[status] = statement_int(s, 1);
    }
    if (err != ERR_NOT_FOUND)
        return err;
    memcpy(ret, counts, sizeof counts);
    return ERR_NONE;
}

void execution_store_list_job(struct execution_store *executions, int64_t job_key,
                              const enum execution_status *status, struct str after_thing,
                              int64_t count)
{
    struct statement *s =
        statement_start(&executions->statements[status != NULL ? LIST_JOB_BY_STATUS : LIST_JOB]);
    statement_set_int(s, 1, job_key);
    statement_set_str(s, 2, after_thing);
    statement_set_int(s, 3, count);
    if (status != NULL)
        statement_set_text(s, 4, status_execution_name(*status));
    executions->listing = s;
}

static int list_thing_by(const struct execution_filter *filter)
{
    if (str_is_absent(filter->namespace))
        return filter->status != NULL ? LIST_THING_BY_STATUS : LIST_THING;
    return filter->status != NULL ? LIST_THING_BY_BOTH : LIST_THING_BY_NAMESPACE;
}

void execution_store_list_thing(struct execution_store *executions, struct str thing,
                                const struct execution_filter *filter, int64_t count)
{
    struct statement *s = statement_start(&executions->statements[list_thing_by(filter)]);
    statement_set_str(s, 1, thing);
    statement_set_int(s, 2, filter->before_key);
    statement_set_int(s, 3, count);
    statement_set_int(s, 6, filter->from_key);
    if (filter->status != NULL)
        statement_set_text(s, 4, status_execution_name(*filter->status));
    if (!str_is_absent(filter->namespace))
        statement_set_str(s, 5, filter->namespace);
    executions->listing = s;
}

enum err execution_store_next(struct execution_store *executions, struct execution_record *ret,
                              struct why *why)
{
    enum err err = statement_row(executions->listing, why);
    return err == ERR_NONE ? read_record(executions->listing, ret, why) : err;
}
