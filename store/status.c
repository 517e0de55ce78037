#include "store/status.h"

static const char *const job_names[JOB_STATUS_COUNT] = {
    [JOB_SCHEDULED] = "SCHEDULED",
    [JOB_IN_PROGRESS] = "IN_PROGRESS",
    [JOB_CANCELED] = "CANCELED",
    [JOB_COMPLETED] = "COMPLETED",
    [JOB_DELETION_IN_PROGRESS] = "DELETION_IN_PROGRESS",
};

static const char *const execution_names[EXECUTION_STATUS_COUNT] = {
    [EXECUTION_QUEUED] = "QUEUED",       [EXECUTION_IN_PROGRESS] = "IN_PROGRESS",
    [EXECUTION_SUCCEEDED] = "SUCCEEDED", [EXECUTION_FAILED] = "FAILED",
    [EXECUTION_TIMED_OUT] = "TIMED_OUT", [EXECUTION_REJECTED] = "REJECTED",
    [EXECUTION_REMOVED] = "REMOVED",     [EXECUTION_CANCELED] = "CANCELED",
};

const char *status_job_name(enum job_status status)
{
    return job_names[status];
}

const char *status_execution_name(enum execution_status status)
{
    return execution_names[status];
}

/* The place of a word among count names; count if it is none of them. */
static size_t find(const char *const *names, size_t count, struct str word)
{
    size_t i = 0;
    while (i < count && !str_eq_text(word, names[i]))
        i++;
    return i;
}

bool status_job_parse(struct str word, enum job_status *ret)
{
    size_t found = find(job_names, JOB_STATUS_COUNT, word);
    if (found == JOB_STATUS_COUNT)
        return false;
    *ret = (enum job_status)found;
    return true;
}

bool status_execution_parse(struct str word, enum execution_status *ret)
{
    size_t found = find(execution_names, EXECUTION_STATUS_COUNT, word);
    if (found == EXECUTION_STATUS_COUNT)
        return false;
    *ret = (enum execution_status)found;
    return true;
}

bool status_job_is_live(enum job_status status)
{
    return status == JOB_SCHEDULED || status == JOB_IN_PROGRESS;
}

bool status_execution_is_pending(enum execution_status status)
{
    return status == EXECUTION_QUEUED || status == EXECUTION_IN_PROGRESS;
}
