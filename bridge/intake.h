/*
 * From a PUBLISH to a record: topic, payload, namespaces, notify topics and expiry are checked
 * here, and the policy, so that nothing refusable costs an HTTP call. Pure: no state, no clock of
 * its own.
 */
#ifndef BRIDGE_INTAKE_H
#define BRIDGE_INTAKE_H

#include "bridge/outcome.h"
#include "bridge/policy.h"
#include "bridge/record.h"

struct intake_options {
    const struct outcome_options *outcome;
    const struct policy *policy; /* NULL: everything is allowed */
    const struct known *known;
};

/* NULL: out of memory. Otherwise a record in RECORD_WAITING, and in *ret_code why it must be
 * refused at once, with the detail in why (REJECT_NONE: it may be called). */
struct record *intake_read(const struct intake_options *options, const struct arrival *arrival,
                           int64_t wall_ms, int64_t mono_ms, enum reject *ret_code,
                           struct why *why);

#endif
