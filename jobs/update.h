/*
 * One UpdateJob body: which of its six members are set, each as checked, compact JSON.
 *
 * Members are kept as text because that is what is sent, stored and merged: UpdateJob replaces
 * whole top-level members, so merging two updates is choosing the later text for each.
 */
#ifndef JOBS_UPDATE_H
#define JOBS_UPDATE_H

#include "base/buf.h"
#include "base/why.h"
#include "jobs/doc.h"

enum update_member {
    UPDATE_ABORT_CONFIG,
    UPDATE_DESCRIPTION,
    UPDATE_JOB_EXECUTIONS_RETRY_CONFIG,
    UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG,
    UPDATE_PRESIGNED_URL_CONFIG,
    UPDATE_TIMEOUT_CONFIG,
    UPDATE_MEMBER_COUNT
};

struct update {
    char *text; /* one allocation; the members are views into it */
    struct str member[UPDATE_MEMBER_COUNT];
};

const char *update_member_name(enum update_member member); /* "abortConfig", ... */
bool update_has_member_named(struct str name);

/* Checks the six members of object against the service model and takes those that are there; other
 * members are not looked at. ERR_INVALID with the path, the limit and the value in why. */
nodiscard enum err update_decode(struct doc_node object, struct update *ret, struct why *why);

/* The same for an object that has been checked already. */
nodiscard enum err update_take(struct doc_node object, struct update *ret, struct why *why);

void update_free(struct update *update); /* frees what is inside; fine if it was zeroed */

bool update_is_empty(const struct update *update);

/* Sets in into what later sets: the later text of each member wins. into is unchanged on failure,
 * which can only be ERR_NO_MEMORY. */
nodiscard enum err update_merge(struct update *into, const struct update *later);

/* The same for a view, which owns nothing: its texts are those of the updates laid over it. */
void update_lay_over(struct update *view, const struct update *later);

/* Whether AWS may refuse a value of the member that fits its model, so that nobody knows before it
 * was sent: retries can be taken from a job but not given to it, and AWS has to be able to assume
 * the role of pre-signed URLs. */
bool update_is_judged_by_value(enum update_member member);

size_t update_bytes(const struct update *update); /* of the members' texts */

/* {"abortConfig":...,...} */
void update_write(const struct update *update, struct buf *out);

#endif
