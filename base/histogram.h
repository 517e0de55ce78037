/*
 * Durations counted by size, in fixed buckets from 50 us to 10 minutes: one set for everything, so
 * that what is counted apart can be laid side by side.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS 21

struct histogram {
    /* Each counts what is at most its bound and more than the one before; the last: the rest. */
    uint64_t counts[HISTOGRAM_BOUNDS + 1];
    uint64_t sum_us;
};

/* One that is less than nothing, by a clock that was put back, counts as nothing. */
void histogram_add(struct histogram *histogram, int64_t duration_us);

int64_t histogram_bound_us(size_t bucket); /* below HISTOGRAM_BOUNDS; rising */
uint64_t histogram_total(const struct histogram *histogram);

#endif
