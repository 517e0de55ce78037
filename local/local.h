/*
 * The embedded Jobs endpoint: AWS IoT Jobs' control plane on loopback HTTP, over store/'s database.
 *
 * UpdateJob, CreateJob, DescribeJob, ListJobs, GetJobDocument, CancelJob, DeleteJob,
 * ListJobExecutionsForJob, DescribeJobExecution, ListJobExecutionsForThing, with AWS's methods,
 * paths, status codes and errors on the wire. Every request's signature is checked. What AWS would
 * do over time (rollout, timeouts) it does not do: executions stay QUEUED until cancelled.
 *
 * Requests are served on the HTTP server's own thread. local_find_execution has its own database
 * connection and belongs to the loop thread.
 */
#ifndef LOCAL_LOCAL_H
#define LOCAL_LOCAL_H

#include "base/why.h"
#include "bridge/port.h"

struct local;

struct local_options {
    const char *listen;           /* "127.0.0.1:8099"; port 0: any free one */
    const char *database;         /* path of jobs.db, created when missing */
    const char *credentials_file; /* AWS shared credentials format, written (0600) when missing */
    const char *region;
};

nodiscard enum err local_start(const struct local_options *options, struct local **ret,
                               struct why *why);
void local_stop(struct local *local);
unsigned local_port(const struct local *local);

/* port_executions.find; the context is the struct local. */
enum err local_find_execution(void *local, struct str thing, struct str job, struct execution *ret);

#endif
