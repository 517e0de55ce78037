/*
 * One request, as an operation sees it: its parameters checked, a transaction open around it.
 *
 * An operation answers FAULT_OK and has written the body (or nothing) to out, or it answers a
 * fault with the message in why; then its transaction is rolled back and out forgotten.
 */
#ifndef LOCAL_ASK_H
#define LOCAL_ASK_H

#include "jobs/doc.h"
#include "jobs/fault.h"
#include "jobs/shape.h"
#include "local/query.h"
#include "store/execution_store.h"
#include "store/job_store.h"

struct ask {
    struct job_store *jobs;
    struct execution_store *executions;
    const char *region;
    int64_t now_ms;
    struct str job;   /* from the path; absent where it has none */
    struct str thing; /* likewise */
    int64_t number;   /* the execution number of the path; -1: none */
    struct query query;
    struct str body;
    struct buf *out;
};

typedef enum fault operation_fn(struct ask *ask, struct why *why);

/* What a failure means on the wire: of checking the request, of the database. */
enum fault ask_fault(enum err err);

/* FAULT_RESOURCE_NOT_FOUND when there is no such job. */
nodiscard enum fault ask_find_job(struct ask *ask, struct job_record *ret, struct why *why);

/* The same, and FAULT_RESOURCE_NOT_FOUND when the query's namespaceId is not the job's. A job
 * without a namespace goes by any. */
nodiscard enum fault ask_find_job_in_namespace(struct ask *ask, struct job_record *ret,
                                               struct why *why);
nodiscard enum fault ask_find_execution(struct ask *ask, struct execution_record *ret,
                                        struct why *why);

/* Parses the body and checks all of it against a shape. An empty body is {}. */
nodiscard enum fault ask_body(struct ask *ask, const struct shape *shape, struct doc **ret,
                              struct why *why);

/* The query's status; *ret points to *room, or is NULL when there is none. */
nodiscard enum fault ask_execution_status(struct ask *ask, enum execution_status *room,
                                          const enum execution_status **ret, struct why *why);
/* The query's namespaceId, checked; absent when there is none. */
nodiscard enum fault ask_namespace(struct ask *ask, struct str *ret, struct why *why);

#endif
