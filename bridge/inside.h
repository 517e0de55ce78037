/*
 * What is inside a bridge, for the files that together are one: bridge.c (the front door), taking.c
 * (from an arrival to a record that waits), relay.c (from a notice to the outbox), calling.c (calls
 * and their replies), ending.c (from a decision to the outbox). Nobody else includes it.
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
    struct outbox outboxes[SIDE_COUNT];
    struct ledger ledger;
    struct parking parkings[SIDE_COUNT];
    struct spoken *spoken; /* NULL: there is no upstream broker */
    struct followers followers;
    struct known known;
    struct record *calling[LIMITS_MAX_IN_FLIGHT]; /* by slot: the first of a call; NULL: free */
    struct buf tickets[SIDE_COUNT]; /* uint64_t each: PUBACKs that are still held back */
    unsigned links[SIDE_COUNT];     /* lost so far: what was of one of them is void */
    struct buf body;
    size_t open_notices; /* whose events are not all with the broker */
    size_t open_notice_bytes;
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

static inline bool inside_has_broker(const struct bridge *bridge, enum side side)
{
    return bridge->options.brokers[side].room != NULL;
}

/* To measure how long something took. */
static inline int64_t inside_mono_us(const struct bridge *bridge)
{
    const struct port_time *time = &bridge->options.time;
    return time->mono_us != NULL ? time->mono_us(time->context)
                                 : time->mono_ms(time->context) * 1000;
}

static inline int64_t inside_wall_ms(const struct bridge *bridge)
{
    return bridge->options.time.wall_ms(bridge->options.time.context);
}

#endif
