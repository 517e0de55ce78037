/*
 * From a PUBLISH to a record: topic, payload, namespaces, notify topics and expiry are checked
 * here, so that nothing refusable costs an HTTP call. Pure: no state, no clock of its own.
 */
#ifndef BRIDGE_INTAKE_H
#define BRIDGE_INTAKE_H

#include "bridge/outcome.h"
#include "bridge/record.h"

/* NULL: out of memory. Otherwise a record in RECORD_WAITING, and in *ret_code why it must be
 * refused at once, with the detail in why (REJECT_NONE: it may be called). */
struct record *intake_read(const struct outcome_options *options, const struct arrival *arrival,
                           int64_t wall_ms, int64_t mono_ms, enum reject *ret_code,
                           struct why *why);

#endif
