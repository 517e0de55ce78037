/* What a policy says of one command, for a person who tries it out. */
#ifndef DAEMON_POLICY_TRIAL_H
#define DAEMON_POLICY_TRIAL_H

#include "base/buf.h"
#include "bridge/policy.h"

struct policy_trial {
    struct str thing; /* absent: an operator */
    struct str job;
    struct str namespace; /* of the topic; absent: that of the command, if any */
    struct str command;   /* JSON */
    struct str known; /* an update that was accepted before, as JSON; absent: nothing is known */
};

/* ERR_NONE: allowed; ERR_REFUSED: denied; both with a line in out that names the rule. ERR_INVALID:
 * it would be refused before the policy is asked, or known is no update; the cause is in why. */
nodiscard enum err policy_trial_run(const struct policy *policy, const struct policy_trial *trial,
                                    struct buf *out, struct why *why);

#endif
