/*
 * What no part of a rule shows alone: rules that can never decide, and bounds and fields that
 * nothing can satisfy.
 *
 * Never wrong about a rule it names. It does not see a rule that only several others together
 * hide.
 */
#ifndef DAEMON_POLICY_CHECK_H
#define DAEMON_POLICY_CHECK_H

#include "bridge/policy.h"
#include "daemon/mistakes.h"

/* is_broken[i]: rule i has mistakes of its own, so nothing is said of what it may match. */
void policy_check_rules(const struct policy *policy, const bool *is_broken,
                        struct mistakes *mistakes);

/* One bound of a rule, which stands on the line under the key. */
void policy_check_bound(const struct policy_bound *bound, size_t line, const char *key,
                        struct mistakes *mistakes);

#endif
