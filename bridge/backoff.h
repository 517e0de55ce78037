/* How long to pause before the next attempt: exponential with full jitter, by fault class. */
#ifndef BRIDGE_BACKOFF_H
#define BRIDGE_BACKOFF_H

#include "bridge/port.h"

#define BACKOFF_MAX_MS 20000

/* attempts: how many have failed, at least 1. retry_after_ms: what the service asked for, or -1;
 * the pause is never shorter. The first pauses are those of the AWS SDKs: 50 ms for what passes on
 * its own, 1 s for throttling and credentials. */
int64_t backoff_pause_ms(enum fault_class class, unsigned attempts, int64_t retry_after_ms,
                         const struct port_chance *chance);

#endif
