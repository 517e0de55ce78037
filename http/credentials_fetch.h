/*
 * Carries a plan out, one at a time: keys that are at hand are there at once, others come from a
 * program or a dialogue, and then roles are assumed with them. Each request has a timeout and as
 * many attempts as its dialogue allows, a second apart.
 */
#ifndef HTTP_CREDENTIALS_FETCH_H
#define HTTP_CREDENTIALS_FETCH_H

#include "http/credentials_source.h"

struct credentials_fetch;

struct credentials_result {
    enum err err;
    struct why why;
    struct credential credential;
    int64_t lifetime_ms; /* from now; -1: for ever. Not above 0: the source is late (IMDS only) */
    int64_t pause_ms;    /* after a failure: how long the source is of no use; -1: not known */
    const char *from;    /* for people: the plan's base, or "sts" */
};

/* The options outlive it. */
nodiscard enum err credentials_fetch_new(const struct credentials_options *options,
                                         struct credentials_fetch **ret);
void credentials_fetch_free(struct credentials_fetch *fetch);

/* The plan must stay until the result is taken, or the fetch stopped. */
void credentials_fetch_start(struct credentials_fetch *fetch, const struct credentials_plan *plan);
void credentials_fetch_stop(struct credentials_fetch *fetch);

/* Under way, or over and its result not taken. */
bool credentials_fetch_is_running(const struct credentials_fetch *fetch);
void credentials_fetch_turn(struct credentials_fetch *fetch);
int64_t credentials_fetch_due_ms(const struct credentials_fetch *fetch); /* DUE_NEVER: http's */

/* NULL: not over yet. Valid until the next start; wiped by credentials_fetch_stop. */
const struct credentials_result *credentials_fetch_result(const struct credentials_fetch *fetch);

#endif
