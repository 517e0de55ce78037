/*
 * The embedded Jobs endpoint: AWS IoT Jobs' control plane on loopback HTTP, over store/'s database.
 *
 * UpdateJob, CreateJob, DescribeJob, ListJobs, GetJobDocument, CancelJob, DeleteJob,
 * ListJobExecutionsForJob, DescribeJobExecution, ListJobExecutionsForThing, CancelJobExecution,
 * DeleteJobExecution, with AWS's methods, paths, status codes and errors on the wire. Every
 * request's signature is checked. What AWS would do over time (rollout, timeouts, abort, end of a
 * schedule) it does not do: executions stay QUEUED until cancelled. A job with a start time is
 * SCHEDULED and starts with the first request after it.
 *
 * Where AWS's documentation leaves room:
 *   - Members and query parameters that are not in the service model are refused by name.
 *   - A namespaceId in UpdateJob, DeleteJob and DeleteJobExecution has to be the job's, or the job
 *     is not found; a job made without a namespace goes by any. Without one, any job is found.
 *   - UpdateJob of a job that is COMPLETED or CANCELED is an InvalidRequestException; so is
 *     CancelJob.
 *   - GetJobDocument of a job made from a documentSource answers without a document.
 *   - A request that no operation has, by path or method, is a ResourceNotFoundException.
 *
 * Requests are served on the HTTP server's own thread. local_find_execution has its own database
 * connection and belongs to the loop thread.
 */
#ifndef LOCAL_LOCAL_H
#define LOCAL_LOCAL_H

#include "base/why.h"
#include "bridge/port.h"
#include "store/store.h"

struct local;

struct local_options {
    const char *listen;           /* "127.0.0.1:8099"; port 0: any free one */
    const char *database;         /* path of jobs.db, created when missing */
    enum store_sync sync;         /* what an answered change survives; by default loss of power */
    const char *credentials_file; /* AWS shared credentials format, written (0600) when missing */
    const char *region;
};

/* An existing credentials file is used as it is; ERR_INVALID when its profile default has no keys.
 * It is read once, here. */
nodiscard enum err local_start(const struct local_options *options, struct local **ret,
                               struct why *why);
void local_stop(struct local *local);
unsigned local_port(const struct local *local);

/* port_executions.find; the context is the struct local. */
enum err local_find_execution(void *context, struct str thing, struct str job,
                              struct execution *ret);

#endif
