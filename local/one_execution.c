/*
 * DescribeJobExecution, CancelJobExecution and DeleteJobExecution.
 *
 * As at AWS, a snapshot job whose executions have all ended is COMPLETED; here cancelling and
 * deleting are what ends them.
 */
#include "base/limits.h"
#include "jobs/model.h"
#include "local/member.h"
#include "local/operation.h"

static void write_answer(struct ask *ask, const struct execution_record *execution)
{
    struct emit emit = emit_to(ask->out);
    emit_object(&emit, NULL);
    emit_object(&emit, "execution");
    emit_str(&emit, "jobId", execution->job);
    emit_text(&emit, "status", status_execution_name(execution->status));
    if (execution->is_force_canceled)
        emit_bool(&emit, "forceCanceled", true);
    emit_object(&emit, "statusDetails");
    emit_raw(&emit, "detailsMap",
             str_is_absent(execution->status_details) ? STR("{}") : execution->status_details);
    emit_object_end(&emit);
    member_thing_arn(&emit, "thingArn", ask->region, execution->thing);
    member_time(&emit, "queuedAt", execution->queued_ms);
    member_time(&emit, "startedAt", execution->started_ms);
    member_time(&emit, "lastUpdatedAt", execution->updated_ms);
    emit_int(&emit, "executionNumber", execution->number);
    emit_int(&emit, "versionNumber", execution->version);
    emit_object_end(&emit);
    emit_object_end(&emit);
}

enum fault one_execution_describe(struct ask *ask, struct why *why)
{
    struct execution_record execution;
    enum fault fault =
        ask_fault(query_int(&ask->query, "executionNumber", 0, INT64_MAX, &ask->number, why));
    if (fault == FAULT_OK)
        fault = ask_find_execution(ask, &execution, why);
    if (fault == FAULT_OK)
        write_answer(ask, &execution);
    return fault;
}

/* Completes the job if nothing of it is pending any more. */
static enum fault settle_job(struct ask *ask, struct why *why)
{
    struct job_record job;
    int64_t counts[EXECUTION_STATUS_COUNT];
    enum fault fault = ask_find_job(ask, &job, why);
    if (fault == FAULT_OK)
        fault = ask_fault(execution_store_count(ask->executions, job.key, counts, why));
    if (fault != FAULT_OK)
        return fault;
    if (job.is_continuous || job.status != JOB_IN_PROGRESS || counts[EXECUTION_QUEUED] > 0 ||
        counts[EXECUTION_IN_PROGRESS] > 0)
        return FAULT_OK;
    job.status = JOB_COMPLETED;
    job.updated_ms = ask->now_ms;
    job.completed_ms = ask->now_ms;
    return ask_fault(job_store_set_state(ask->jobs, &job, why));
}

static enum fault refuse_state(const struct execution_record *execution, const char *what,
                               struct why *why)
{
    (void)why_set(why, ERR_REFUSED, NULL,
                  "The execution of job %.*s is in status %s and cannot be %s.",
                  STR_ARG(execution->job), status_execution_name(execution->status), what);
    return FAULT_INVALID_STATE_TRANSITION;
}

static enum fault check_cancel(const struct execution_record *execution, struct doc_node body,
                               bool is_forced, struct why *why)
{
    struct doc_node expected = doc_member(body, "expectedVersion");
    if (doc_kind_of(expected) != DOC_ABSENT && doc_int(expected) != execution->version) {
        (void)why_set(why, ERR_REFUSED, "expectedVersion",
                      "The execution has version %lld, not the expected %lld.",
                      (long long)execution->version, (long long)doc_int(expected));
        return FAULT_VERSION_CONFLICT;
    }
    if (execution->status == EXECUTION_QUEUED ||
        (execution->status == EXECUTION_IN_PROGRESS && is_forced))
        return FAULT_OK;
    return refuse_state(
        execution,
        execution->status == EXECUTION_IN_PROGRESS ? "canceled without force" : "canceled", why);
}

static enum err store_canceled(struct ask *ask, struct execution_record *execution,
                               struct doc_node body, bool is_forced, struct why *why)
{
    struct buf details;
    buf_init(&details, LIMITS_REQUEST_BYTES);
    doc_write(doc_member(body, "statusDetails"), &details);
    execution->status = EXECUTION_CANCELED;
    execution->is_force_canceled = is_forced;
    execution->version++;
    execution->updated_ms = ask->now_ms;
    if (details.n > 0)
        execution->status_details = buf_str(&details);
    enum err err = buf_err(&details);
    if (err == ERR_NONE)
        err = execution_store_set_state(ask->executions, execution, why);
    buf_fini(&details);
    return err;
}

static enum fault cancel(struct ask *ask, struct doc_node body, bool is_forced, struct why *why)
{
    struct execution_record execution;
    enum fault fault = ask_find_execution(ask, &execution, why);
    if (fault == FAULT_OK)
        fault = check_cancel(&execution, body, is_forced, why);
    if (fault == FAULT_OK)
        fault = ask_fault(store_canceled(ask, &execution, body, is_forced, why));
    return fault == FAULT_OK ? settle_job(ask, why) : fault;
}

enum fault one_execution_cancel(struct ask *ask, struct why *why)
{
    struct doc *doc = NULL;
    bool is_forced = false;
    enum fault fault = ask_fault(query_bool(&ask->query, "force", &is_forced, why));
    if (fault == FAULT_OK)
        fault = ask_body(ask, &model_cancel_job_execution, &doc, why);
    if (fault == FAULT_OK)
        fault = cancel(ask, doc_root(doc), is_forced, why);
    doc_free(doc);
    return fault;
}

enum fault one_execution_delete(struct ask *ask, struct why *why)
{
    bool is_forced = false;
    struct job_record job;
    struct execution_record execution;
    enum fault fault = ask_fault(query_bool(&ask->query, "force", &is_forced, why));
    if (fault == FAULT_OK)
        fault = ask_find_job_in_namespace(ask, &job, why);
    if (fault == FAULT_OK)
        fault = ask_find_execution(ask, &execution, why);
    if (fault != FAULT_OK)
        return fault;
    if (status_execution_is_pending(execution.status) && !is_forced)
        return refuse_state(&execution, "deleted without force", why);
    fault = ask_fault(execution_store_delete(ask->executions, execution.job_key, ask->thing, why));
    return fault == FAULT_OK ? settle_job(ask, why) : fault;
}
