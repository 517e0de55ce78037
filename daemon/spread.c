#include "daemon/spread.h"

#include <stddef.h>

/* Each power of two is cut into 8 parts; below 16 a part is a single millisecond. */
#define PARTS_BITS 3
#define PARTS      (1u << PARTS_BITS)

static size_t bucket_of(uint64_t ms)
{
    unsigned shift = 0;
    while (ms >> shift >= (uint64_t)2 * PARTS)
        shift++;
    size_t bucket = (size_t)shift * PARTS + (size_t)(ms >> shift);
    return bucket < SPREAD_BUCKETS ? bucket : SPREAD_BUCKETS - 1;
}

/* In the middle of it. */
static int64_t length_of(size_t bucket)
{
    if (bucket < (size_t)2 * PARTS)
        return (int64_t)bucket;
    unsigned shift = (unsigned)(bucket / PARTS) - 1;
    uint64_t first = (uint64_t)(bucket % PARTS + PARTS) << shift;
    return (int64_t)(first + (((uint64_t)1 << shift) >> 1));
}

void spread_add(struct spread *spread, int64_t duration_ms)
{
    spread->counts[bucket_of(duration_ms > 0 ? (uint64_t)duration_ms : 0)]++;
    spread->total++;
}

int64_t spread_at(const struct spread *spread, double share)
{
    uint64_t passed = 0;
    for (size_t i = 0; i < SPREAD_BUCKETS; i++) {
        passed += spread->counts[i];
        if (passed > 0 && (double)passed >= share * (double)spread->total)
            return length_of(i);
    }
    return -1;
}
