/* From a command as a person writes it to the payload that is sent. */
#ifndef DAEMON_SEND_DRAFT_H
#define DAEMON_SEND_DRAFT_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"

struct send_draft {
    bool is_dry_run;     /* asked for on the command line */
    bool needs_no_token; /* one of its own would make the next ones repeats of the first */
    char token[LIMITS_CLIENT_TOKEN + 1]; /* in: for a command that has none; out: the command's */
};

/* Appends the command, one JSON object without blanks around it, with the members that are missing
 * put in front. ERR_INVALID, ERR_FULL, with the reason in why. */
nodiscard enum err send_draft_write(struct send_draft *draft, struct str command, struct buf *out,
                                    struct why *why);

#endif
