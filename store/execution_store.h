/*
 * The job executions of the embedded endpoint. As in job_store.h: one function is one step of the
 * caller's transaction, and views are valid until it ends or, in a listing, until the next row.
 * Only execution_store_find_pending needs no transaction.
 */
#ifndef STORE_EXECUTION_STORE_H
#define STORE_EXECUTION_STORE_H

#include "bridge/port.h"
#include "store/status.h"
#include "store/store.h"

#define EXECUTION_STORE_NEVER (-1) /* of a time that has not come */

struct execution_store;

struct execution_record {
    int64_t job_key;
    struct str job; /* the job's id; not looked at when inserting */
    struct str thing;
    struct str namespace; /* the job's; absent: none. Not in what is read */
    enum execution_status status;
    bool is_force_canceled;
    struct str status_details; /* JSON text; absent: none */
    int64_t number;
    int64_t version;
    int64_t queued_ms;
    int64_t started_ms; /* EXECUTION_STORE_NEVER: not yet */
    int64_t updated_ms;
};

nodiscard enum err execution_store_new(struct store *store, struct execution_store **ret,
                                       struct why *why);
void execution_store_free(struct execution_store *executions); /* before the store is closed */

/* ERR_EXISTS when the thing has one of this job already. */
nodiscard enum err execution_store_insert(struct execution_store *executions,
                                          const struct execution_record *record, struct why *why);
nodiscard enum err execution_store_find(struct execution_store *executions, struct str job,
                                        struct str thing, struct execution_record *ret,
                                        struct why *why);

/* Writes status, force_canceled, status_details, version and updated_ms. */
nodiscard enum err execution_store_set_state(struct execution_store *executions,
                                             const struct execution_record *record,
                                             struct why *why);
nodiscard enum err execution_store_delete(struct execution_store *executions, int64_t job_key,
                                          struct str thing, struct why *why);

/* Cancels the job's executions in one state, each with its version one up. */
nodiscard enum err execution_store_cancel_all(struct execution_store *executions, int64_t job_key,
                                              enum execution_status in, bool is_forced,
                                              int64_t now_ms, struct why *why);

/* How many executions of the job are in each state. */
nodiscard enum err execution_store_count(struct execution_store *executions, int64_t job_key,
                                         int64_t ret[static EXECUTION_STATUS_COUNT],
                                         struct why *why);

/* What the notify event tells; ERR_NOT_FOUND unless the execution is QUEUED or IN_PROGRESS. */
nodiscard enum err execution_store_find_pending(struct execution_store *executions, struct str job,
                                                struct str thing, struct execution *ret,
                                                struct why *why);

/* Those of a job by thing name, after a name ("": all); status NULL: any. At most count rows. */
void execution_store_list_job(struct execution_store *executions, int64_t job_key,
                              const enum execution_status *status, struct str after_thing,
                              int64_t count);

struct execution_filter {
    const enum execution_status *status; /* NULL: any */
    struct str namespace;                /* absent: any, and none */
    int64_t from_key;                    /* of the oldest job wanted; 0: any */
    int64_t before_key;                  /* of the youngest job not wanted; INT64_MAX: none */
};

/* Those of a thing, youngest job first. */
void execution_store_list_thing(struct execution_store *executions, struct str thing,
                                const struct execution_filter *filter, int64_t count);

/* The next row of the listing started last. */
nodiscard enum err execution_store_next(struct execution_store *executions,
                                        struct execution_record *ret, struct why *why);

#endif
