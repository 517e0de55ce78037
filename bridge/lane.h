/*
 * One job's undecided commands in order of arrival. At most one call is under way for it; the
 * commands that share the call, and those that pause after it, are the first of the lane.
 *
 *   ready    its head waits
 *   calling  a call for its head, and for those that share it, is under way
 *   pausing  that call failed in a way that passes; they are due later
 */
#ifndef BRIDGE_LANE_H
#define BRIDGE_LANE_H

#include "base/map.h"
#include "bridge/record.h"

struct lane {
    struct map_node by_job;
    struct list records; /* undecided */
    struct list owed;    /* see bridge/fair.h */
    bool is_ready;       /* as the schedule has counted it */
    struct due_node pause;
    int64_t called_ms;     /* when the last call started */
    unsigned failures;     /* calls that failed in a row, throttled ones aside */
    enum fault last_fault; /* of its calls; FAULT_OK: none failed since the last good one */
    char job[];
};

struct lane *lane_new(struct str job); /* NULL: out of memory */
void lane_free(struct lane *lane);     /* frees the records that are still in it */

struct record *lane_head(const struct lane *lane); /* NULL: it is empty */
bool lane_is(const struct lane *lane, enum record_state state_of_head);

#endif
