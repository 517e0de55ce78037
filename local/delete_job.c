/* DeleteJob: the job, its document and its executions are gone at once, so that nobody ever sees
 * DELETION_IN_PROGRESS. Without force only a job that has ended can be deleted. */
#include "local/operation.h"

enum fault delete_job_run(struct ask *ask, struct why *why)
{
    bool is_forced = false;
    struct job_record job;
    enum fault fault = ask_fault(query_bool(&ask->query, "force", &is_forced, why));
    if (fault == FAULT_OK)
        fault = ask_find_job_in_namespace(ask, &job, why);
    if (fault != FAULT_OK)
        return fault;
    if (status_job_is_live(job.status) && !is_forced) {
        (void)why_set(why, ERR_REFUSED, "jobId",
                      "Job %.*s is in status %s and can only be deleted with force.",
                      STR_ARG(job.id), status_job_name(job.status));
        return FAULT_INVALID_STATE_TRANSITION;
    }
    return ask_fault(job_store_delete(ask->jobs, job.key, why));
}
