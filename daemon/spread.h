/*
 * How durations are spread: their percentiles, from counts in buckets. Exact up to 16 ms, then
 * within 1/16 of the duration.
 */
#ifndef DAEMON_SPREAD_H
#define DAEMON_SPREAD_H

#include <stdint.h>

#define SPREAD_BUCKETS 160 /* the last takes what is longer than 65 minutes, too */

struct spread {
    uint64_t total;
    uint32_t counts[SPREAD_BUCKETS];
};

void spread_add(struct spread *spread, int64_t duration_ms); /* less than nothing counts as 0 */

/* What that share of them, of [0, 1], is at most as long as; -1: there are none. */
int64_t spread_at(const struct spread *spread, double share);

#endif
