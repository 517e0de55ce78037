/* How long to pause before the next attempt after a failure of the service, the network or the
 * credentials: exponential with full jitter. After throttling bridge/pace.h decides. */
#ifndef BRIDGE_BACKOFF_H
#define BRIDGE_BACKOFF_H

#include "bridge/port.h"

#define BACKOFF_MAX_MS       20000
#define BACKOFF_ASKED_MAX_MS 60000 /* the longest pause that the service may ask for */

/* failures: how many in a row, at least 1. retry_after_ms: what the service asked for, or -1; the
 * pause is never shorter, but what is more than BACKOFF_ASKED_MAX_MS counts as that. The first
 * pauses are those of the AWS SDKs: 50 ms for what passes on its own, 1 s for credentials. */
int64_t backoff_pause_ms(enum fault_class class, unsigned failures, int64_t retry_after_ms,
                         const struct port_chance *chance);

#endif
