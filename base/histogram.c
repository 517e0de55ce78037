#include "base/histogram.h"

static const int64_t bounds_us[HISTOGRAM_BOUNDS] = {
    50,      100,     250,      500,      1000,     2500,      5000,
    10000,   25000,   50000,    100000,   250000,   500000,    1000000,
    2500000, 5000000, 10000000, 30000000, 60000000, 300000000, 600000000,
};

/* The first bound that is not below it. */
static size_t bucket_of(int64_t duration_us)
{
    size_t low = 0;
    size_t high = HISTOGRAM_BOUNDS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (duration_us <= bounds_us[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void histogram_add(struct histogram *histogram, int64_t duration_us)
{
    if (duration_us < 0)
        duration_us = 0;
    histogram->counts[bucket_of(duration_us)]++;
    histogram->sum_us += (uint64_t)duration_us;
}

int64_t histogram_bound_us(size_t bucket)
{
    return bounds_us[bucket];
}

uint64_t histogram_total(const struct histogram *histogram)
{
    uint64_t total = 0;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        total += histogram->counts[i];
    return total;
}
