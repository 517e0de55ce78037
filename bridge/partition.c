#include "bridge/partition.h"

/* Source: ISO/IEC/IEEE 8802-3, 3.2.9, with the bits of each byte in the order they are sent in. */
#define POLYNOMIAL UINT32_C(0xedb88320)

uint32_t partition_hash(struct str job)
{
    uint32_t rest = UINT32_MAX;
    for (size_t i = 0; i < job.n; i++) {
        rest ^= (unsigned char)job.p[i];
        for (int bit = 0; bit < 8; bit++)
            rest = (rest >> 1) ^ ((rest & 1) != 0 ? POLYNOMIAL : 0);
    }
    return ~rest;
}

bool partition_owns(const struct partition *partition, struct str job)
{
    return partition->count <= 1 || partition_hash(job) % partition->count == partition->index;
}
