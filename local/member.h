/* Members of answers that several operations write. */
#ifndef LOCAL_MEMBER_H
#define LOCAL_MEMBER_H

#include "base/emit.h"
#include "store/execution_store.h"
#include "store/job_store.h"

/* The account all ARNs are of. */
#define MEMBER_ACCOUNT "123456789012"

/* Epoch seconds as a number with milliseconds; a negative time is left out. */
void member_time(struct emit *emit, const char *key, int64_t ms);

void member_job_arn(struct emit *emit, const char *key, const char *region, struct str job);
void member_thing_arn(struct emit *emit, const char *key, const char *region, struct str thing);

/* jobArn, jobId and, if there is one, description: what CreateJob and CancelJob answer. */
void member_job(struct buf *out, const char *region, struct str job, struct str description);

/* The jobExecutionSummary of a listing. */
void member_execution_summary(struct emit *emit, const struct execution_record *execution);

#endif
