/*
 * ListJobExecutionsForJob, by thing name, and ListJobExecutionsForThing, youngest job first.
 * Things are known by their executions alone: one that never had any has an empty list.
 */
#include "local/member.h"
#include "local/operation.h"
#include "local/page.h"

/* Writes the members of one row beside its jobExecutionSummary. */
typedef void row_fn(struct emit *emit, const char *region,
                    const struct execution_record *execution);

static void write_thing(struct emit *emit, const char *region,
                        const struct execution_record *execution)
{
    member_thing_arn(emit, "thingArn", region, execution->thing);
}

static void write_job(struct emit *emit, const char *region,
                      const struct execution_record *execution)
{
    (void)region;
    emit_str(emit, "jobId", execution->job);
}

/* The key of the last row on the page; thing names are copied, since rows pass. */
struct last {
    int64_t job_key;
    char thing[LIMITS_THING_NAME];
    size_t thing_n;
};

static void remember(struct last *last, const struct execution_record *execution)
{
    last->job_key = execution->job_key;
    last->thing_n =
        execution->thing.n < sizeof last->thing ? execution->thing.n : sizeof last->thing;
    memcpy(last->thing, execution->thing.p, last->thing_n);
}

/* Writes rows of the listing that was started with room for one row more than the page: when that
 * one comes, there is another page. */
static enum err write_rows(struct ask *ask, struct emit *emit, int64_t room, row_fn *row,
                           struct last *last, struct why *why)
{
    struct execution_record execution;
    emit_array(emit, "executionSummaries");
    enum err err = execution_store_next(ask->executions, &execution, why);
    for (; err == ERR_NONE && room > 0; room--) {
        emit_object(emit, NULL);
        row(emit, ask->region, &execution);
        member_execution_summary(emit, &execution);
        emit_object_end(emit);
        remember(last, &execution);
        err = execution_store_next(ask->executions, &execution, why);
    }
    emit_array_end(emit);
    return err;
}

static enum fault find_job(struct ask *ask, const struct page *page, struct job_record *ret,
                           struct why *why)
{
    enum fault fault = FAULT_OK;
    if (page->after.n > 0)
        fault = ask_fault(
            query_check_id("nextToken", page->after, LIMITS_THING_NAME, &pattern_thing_name, why));
    return fault == FAULT_OK ? ask_find_job(ask, ret, why) : fault;
}

enum fault list_executions_of_job(struct ask *ask, struct why *why)
{
    struct page page;
    struct job_record job;
    enum execution_status room;
    const enum execution_status *status;
    enum fault fault = ask_execution_status(ask, &room, &status, why);
    if (fault == FAULT_OK)
        fault = ask_fault(page_read(&ask->query, "executions-of-job", &page, why));
    if (fault == FAULT_OK)
        fault = find_job(ask, &page, &job, why);
    if (fault != FAULT_OK)
        return fault;
    struct last last = {0};
    struct emit emit = emit_to(ask->out);
    emit_object(&emit, NULL);
    execution_store_list_job(ask->executions, job.key, status, page.after, page.size + 1);
    enum err err = write_rows(ask, &emit, page.size, write_thing, &last, why);
    if (err == ERR_NONE)
        page_write_token(&emit, &page, (struct str){last.thing, last.thing_n});
    emit_object_end(&emit);
    return ask_fault(err == ERR_NOT_FOUND ? ERR_NONE : err);
}

struct thing_query {
    struct execution_filter filter;
    enum execution_status status;
    struct page page;
};

/* A jobId narrows the listing to the one key of that job, if it is on this page or a later one. */
static enum fault read_job(struct ask *ask, struct execution_filter *filter, struct why *why)
{
    struct str job = query_get(&ask->query, "jobId");
    if (str_is_absent(job))
        return FAULT_OK;
    struct job_record record;
    enum err err = query_check_id("jobId", job, LIMITS_JOB_ID, &pattern_id, why);
    if (err == ERR_NONE)
        err = job_store_find(ask->jobs, job, &record, why);
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return ask_fault(err);
    if (err == ERR_NOT_FOUND || record.key >= filter->before_key) {
        filter->before_key = 0; /* no key is less */
        return FAULT_OK;
    }
    filter->from_key = record.key;
    filter->before_key = record.key + 1;
    return FAULT_OK;
}

static enum fault read_thing_query(struct ask *ask, struct thing_query *ret, struct why *why)
{
    enum fault fault = ask_execution_status(ask, &ret->status, &ret->filter.status, why);
    if (fault == FAULT_OK)
        fault = ask_namespace(ask, &ret->filter.namespace, why);
    if (fault == FAULT_OK)
        fault = ask_fault(page_read_int(&ask->query, "executions-of-thing", &ret->page,
                                        &ret->filter.before_key, why));
    if (fault == FAULT_OK)
        fault = read_job(ask, &ret->filter, why);
    return fault;
}

enum fault list_executions_of_thing(struct ask *ask, struct why *why)
{
    struct thing_query query = {0};
    enum fault fault = read_thing_query(ask, &query, why);
    if (fault != FAULT_OK)
        return fault;
    struct last last = {0};
    struct emit emit = emit_to(ask->out);
    emit_object(&emit, NULL);
    execution_store_list_thing(ask->executions, ask->thing, &query.filter, query.page.size + 1);
    enum err err = write_rows(ask, &emit, query.page.size, write_job, &last, why);
    if (err == ERR_NONE)
        page_write_token_int(&emit, &query.page, last.job_key);
    emit_object_end(&emit);
    return ask_fault(err == ERR_NOT_FOUND ? ERR_NONE : err);
}
