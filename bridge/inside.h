/*
 * What is inside a bridge, for the files that together are one: bridge.c (the front door), taking.c
 * (from an arrival to a record that waits), calling.c (calls and their replies), ending.c (from a
 * decision to the outbox). Nobody else includes it.
 */
#ifndef BRIDGE_INSIDE_H
#define BRIDGE_INSIDE_H

#include "base/limits.h"
#include "bridge/bridge.h"
#include "bridge/followers.h"
#include "bridge/known.h"
#include "bridge/ledger.h"
#include "bridge/outbox.h"
#include "bridge/parking.h"

struct bridge {
    struct bridge_options options;
    struct schedule schedule;
    struct outbox outbox;
    struct ledger ledger;
    struct parking parking;
    struct followers followers;
    struct known known;
    struct record *calling[LIMITS_MAX_IN_FLIGHT]; /* by slot: the first of a call; NULL: free */
    struct buf tickets;                           /* uint64_t each: PUBACKs still held back */
    struct buf body;
    uint64_t next_seq;
    struct bridge_books books; /* what is counted; bridge_books adds what there is */
    struct bridge_latency latency;
    enum fault_class endpoint_state;
    bool is_stopping;
};

static inline int64_t inside_mono_ms(const struct bridge *bridge)
{
    return bridge->options.time.mono_ms(bridge->options.time.context);
}

static inline int64_t inside_wall_ms(const struct bridge *bridge)
{
    return bridge->options.time.wall_ms(bridge->options.time.context);
}

#endif
