/*
 * The jobs of the embedded endpoint. Every function is one step of the caller's transaction
 * (store_begin); the views of a record are valid until that transaction ends or, in a listing,
 * until the next row. Nothing here judges states: that is the endpoint's business.
 *
 * Functions that read answer ERR_NOT_FOUND when there is no such job, or no further one.
 */
#ifndef STORE_JOB_STORE_H
#define STORE_JOB_STORE_H

#include "jobs/update.h"
#include "store/status.h"
#include "store/store.h"

#define JOB_STORE_NEVER (-1) /* of a time that has not come */

struct job_store;

struct job_record {
    int64_t key; /* larger for a younger job */
    struct str id;
    struct str namespace; /* absent: none */
    enum job_status status;
    bool is_continuous;
    int64_t starts_ms; /* JOB_STORE_NEVER: at once */
    int64_t created_ms;
    int64_t updated_ms;
    int64_t completed_ms; /* JOB_STORE_NEVER: not yet */
    bool is_force_canceled;
    struct str reason_code;                 /* absent: none */
    struct str comment;                     /* absent: none */
    struct str member[UPDATE_MEMBER_COUNT]; /* JSON texts; absent: not set; never in a listing */
};

/* What CreateJob fixed for good. All but document and document_source are JSON texts. */
struct job_definition {
    struct str targets;
    struct str document;
    struct str document_source;
    struct str document_parameters;
    struct str scheduling_config;
    struct str destination_package_versions;
};

nodiscard enum err job_store_new(struct store *store, struct job_store **ret, struct why *why);
void job_store_free(struct job_store *jobs); /* before the store is closed */

/* ERR_EXISTS when the id is taken. The record's key is not looked at. */
nodiscard enum err job_store_insert(struct job_store *jobs, const struct job_record *record,
                                    const struct job_definition *definition, int64_t *ret_key,
                                    struct why *why);
nodiscard enum err job_store_find(struct job_store *jobs, struct str id, struct job_record *ret,
                                  struct why *why);
nodiscard enum err job_store_find_definition(struct job_store *jobs, int64_t key,
                                             struct job_definition *ret, struct why *why);

/* Replaces the members that are set in update and leaves the others. */
nodiscard enum err job_store_update(struct job_store *jobs, int64_t key,
                                    const struct update *update, int64_t now_ms, struct why *why);

/* Writes status, force_canceled, reason_code, comment and the three times that may change. */
nodiscard enum err job_store_set_state(struct job_store *jobs, const struct job_record *record,
                                       struct why *why);

/* The job, its definition and its executions. */
nodiscard enum err job_store_delete(struct job_store *jobs, int64_t key, struct why *why);

/* The scheduled job whose start time came first, if it is not after now. */
nodiscard enum err job_store_find_due(struct job_store *jobs, int64_t now_ms,
                                      struct job_record *ret, struct why *why);

struct job_filter {
    const enum job_status *status; /* NULL: any */
    const bool *is_continuous;     /* NULL: either */
    struct str namespace;          /* absent: any, and none */
};

/* Youngest first, those older than before_key (INT64_MAX: all); at most count rows come. */
void job_store_list(struct job_store *jobs, const struct job_filter *filter, int64_t before_key,
                    int64_t count);
nodiscard enum err job_store_next(struct job_store *jobs, struct job_record *ret, struct why *why);

#endif
