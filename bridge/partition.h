/*
 * Which of several bridges at one broker a job belongs to. Every bridge sees every command and
 * takes those of its own jobs, so the commands of one job are in one place and keep their order.
 *
 * The rule is part of the contract (docs/INTERFACES.md): whoever knows a jobId and the count knows
 * the bridge.
 */
#ifndef BRIDGE_PARTITION_H
#define BRIDGE_PARTITION_H

#include "base/str.h"

/* count 0 or 1: there is one bridge, and every job is its own. */
struct partition {
    unsigned index; /* below count */
    unsigned count;
};

/* CRC-32 as in zlib, gzip and Ethernet ("123456789" has 0xcbf43926): every language has it, and it
 * spreads names that differ in few bits, which FNV-1a modulo a small count does not. */
uint32_t partition_hash(struct str job);

/* Whether partition_hash modulo count is index. Any bytes will do for a job. */
bool partition_owns(const struct partition *partition, struct str job);

#endif
