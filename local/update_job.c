/*
 * UpdateJob. Where AWS's documentation is silent: a body without members is fine and changes only
 * lastUpdatedAt; a job in a terminal state is refused as InvalidRequestException, since the
 * operation declares no other error for it.
 */
#include "jobs/model.h"
#include "local/operation.h"

static enum fault refuse_state(const struct job_record *job, struct why *why)
{
    (void)why_set(why, ERR_INVALID, "jobId", "Job %.*s is in status %s and cannot be updated.",
                  STR_ARG(job->id), status_job_name(job->status));
    return FAULT_INVALID_REQUEST;
}

/* Developer guide, job configurations: retries can be taken away from a job, not given. */
static enum fault check_retries(struct doc_node body, struct why *why)
{
    struct doc_node list = doc_member(doc_member(body, "jobExecutionsRetryConfig"), "criteriaList");
    for (size_t i = 0; i < doc_count(list); i++) {
        if (doc_int(doc_member(doc_item(list, i), "numberOfRetries")) == 0)
            continue;
        (void)why_set(why, ERR_INVALID, "jobExecutionsRetryConfig",
                      "After a job has been created, its number of retries can only be set to 0.");
        return FAULT_INVALID_REQUEST;
    }
    return FAULT_OK;
}

static enum fault apply(struct ask *ask, struct doc_node body, struct why *why)
{
    struct job_record job;
    enum fault fault = ask_find_job_in_namespace(ask, &job, why);
    if (fault != FAULT_OK)
        return fault;
    if (!status_job_is_live(job.status))
        return refuse_state(&job, why);
    fault = check_retries(body, why);
    if (fault != FAULT_OK)
        return fault;
    struct update update;
    enum err err = update_take(body, &update, why);
    if (err != ERR_NONE)
        return ask_fault(err);
    err = job_store_update(ask->jobs, job.key, &update, ask->now_ms, why);
    update_free(&update);
    return ask_fault(err);
}

enum fault update_job_run(struct ask *ask, struct why *why)
{
    struct doc *doc = NULL;
    enum fault fault = ask_body(ask, &model_update_job, &doc, why);
    if (fault == FAULT_OK)
        fault = apply(ask, doc_root(doc), why);
    doc_free(doc);
    return fault;
}
