/* The operations of the endpoint, each named for the file it is in. */
#ifndef LOCAL_OPERATION_H
#define LOCAL_OPERATION_H

#include "local/ask.h"

operation_fn create_job_run;
operation_fn update_job_run;
operation_fn cancel_job_run;
operation_fn delete_job_run;

operation_fn describe_job_run;
operation_fn describe_job_document; /* GetJobDocument */
operation_fn list_jobs_run;

operation_fn list_executions_of_job;
operation_fn list_executions_of_thing;
operation_fn one_execution_describe;
operation_fn one_execution_cancel;
operation_fn one_execution_delete;

#endif
