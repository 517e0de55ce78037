/* What happened in each of the last LIMITS_HISTORY seconds, for the dashboard's charts. */
#ifndef DAEMON_HISTORY_H
#define DAEMON_HISTORY_H

#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

/* Counts are of the time since the sample before. */
struct history_sample {
    int64_t at_ms; /* wall clock, at its end */
    int64_t took_ms;
    uint64_t received;
    uint64_t accepted;
    uint64_t rejected;
    uint64_t calls;
    uint64_t waiting; /* at its end, as the rate is */
    double rate;      /* calls a second that may leave; 0: no limit */
    int64_t p50_ms;   /* from arrival to decision; -1: nothing was decided */
    int64_t p99_ms;
};

struct history {
    uint64_t added;
    struct history_sample samples[LIMITS_HISTORY];
};

void history_add(struct history *history, const struct history_sample *sample);

size_t history_count(const struct history *history);
/* The i-th that is kept, the oldest first. */
const struct history_sample *history_at(const struct history *history, size_t i);

#endif
