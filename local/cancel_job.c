/*
 * CancelJob: QUEUED executions are cancelled, with force also those IN_PROGRESS, and the job is
 * CANCELED at once. A job that has ended is refused.
 */
#include "jobs/model.h"
#include "local/member.h"
#include "local/operation.h"

static enum fault check_state(const struct job_record *job, struct why *why)
{
    if (status_job_is_live(job->status))
        return FAULT_OK;
    (void)why_set(why, ERR_INVALID, "jobId", "Job %.*s is in status %s and cannot be canceled.",
                  STR_ARG(job->id), status_job_name(job->status));
    return FAULT_INVALID_REQUEST;
}

static enum err cancel_executions(struct ask *ask, int64_t job_key, bool is_forced, struct why *why)
{
    enum err err = execution_store_cancel_all(ask->executions, job_key, EXECUTION_QUEUED, is_forced,
                                              ask->now_ms, why);
    if (err == ERR_NONE && is_forced)
        err = execution_store_cancel_all(ask->executions, job_key, EXECUTION_IN_PROGRESS, true,
                                         ask->now_ms, why);
    return err;
}

static enum fault cancel(struct ask *ask, struct doc_node body, bool is_forced, struct why *why)
{
    struct job_record job;
    enum fault fault = ask_find_job(ask, &job, why);
    if (fault == FAULT_OK)
        fault = check_state(&job, why);
    if (fault != FAULT_OK)
        return fault;
    job.status = JOB_CANCELED;
    job.is_force_canceled = is_forced;
    job.reason_code = doc_str(doc_member(body, "reasonCode"));
    job.comment = doc_str(doc_member(body, "comment"));
    job.updated_ms = ask->now_ms;
    job.completed_ms = ask->now_ms;
    enum err err = cancel_executions(ask, job.key, is_forced, why);
    if (err == ERR_NONE)
        err = job_store_set_state(ask->jobs, &job, why);
    if (err == ERR_NONE)
        member_job(ask->out, ask->region, job.id, job.member[UPDATE_DESCRIPTION]);
    return ask_fault(err);
}

enum fault cancel_job_run(struct ask *ask, struct why *why)
{
    struct doc *doc = NULL;
    bool is_forced = false;
    enum fault fault = ask_fault(query_bool(&ask->query, "force", &is_forced, why));
    if (fault == FAULT_OK)
        fault = ask_body(ask, &model_cancel_job, &doc, why);
    if (fault == FAULT_OK)
        fault = cancel(ask, doc_root(doc), is_forced, why);
    doc_free(doc);
    return fault;
}
