/*
 * The request bodies of AWS IoT Jobs as shapes (service model 2015-05-28). Where only AWS's
 * documentation gives a limit (quotas, retries in total), the row has that one, too.
 */
#ifndef JOBS_MODEL_H
#define JOBS_MODEL_H

#include "jobs/shape.h"

extern const struct shape model_update_job;
extern const struct shape model_create_job;
extern const struct shape model_cancel_job;
extern const struct shape model_cancel_job_execution;

#endif
