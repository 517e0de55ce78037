/* The states of jobs and job executions, in AWS's words (service model 2015-05-28). */
#ifndef STORE_STATUS_H
#define STORE_STATUS_H

#include "base/str.h"

enum job_status {
    JOB_SCHEDULED, /* before its start time: no executions yet */
    JOB_IN_PROGRESS,
    JOB_CANCELED,  /* terminal */
    JOB_COMPLETED, /* terminal */
    JOB_DELETION_IN_PROGRESS,
    JOB_STATUS_COUNT
};

enum execution_status {
    EXECUTION_QUEUED,
    EXECUTION_IN_PROGRESS,
    EXECUTION_SUCCEEDED, /* from here on terminal */
    EXECUTION_FAILED,
    EXECUTION_TIMED_OUT,
    EXECUTION_REJECTED,
    EXECUTION_REMOVED,
    EXECUTION_CANCELED,
    EXECUTION_STATUS_COUNT
};

const char *status_job_name(enum job_status status);
const char *status_execution_name(enum execution_status status);

/* False for a word that is none. */
nodiscard bool status_job_parse(struct str word, enum job_status *ret);
nodiscard bool status_execution_parse(struct str word, enum execution_status *ret);

bool status_job_is_live(enum job_status status); /* may be updated and cancelled */
bool status_execution_is_pending(enum execution_status status);

#endif
