/*
 * A command as a device sends it: an UpdateJob body and the bridge's own members beside it
 * (namespaceId, clientToken, expiresAt, dryRun, things). Strict: anything else is refused by name.
 */
#ifndef JOBS_COMMAND_H
#define JOBS_COMMAND_H

#include "base/limits.h"
#include "jobs/reject.h"
#include "jobs/update.h"

struct command {
    struct update update;
    struct str namespace;    /* absent: none in the payload */
    struct str client_token; /* absent: none */
    int64_t expires_at_s;    /* epoch seconds; -1: none */
    bool is_dry_run;
    struct str *things; /* more things to notify */
    size_t thing_count;
    struct doc *doc; /* owns what the views point into */
};

/* REJECT_NONE, or the code to answer with, and in why the member, the limit and the value. On
 * rejection ret holds the clientToken if one could be read, so that it can be echoed, and nothing
 * else; command_free is due in either case. */
nodiscard enum reject command_decode(struct str payload, struct command *ret, struct why *why);
void command_free(struct command *command);

#endif
