/*
 * Which commands share a call: as many at the head of a job's lane as can be merged into one
 * UpdateJob without anybody seeing a difference.
 *
 * UpdateJob replaces whole top-level members, so commands that follow each other become one body in
 * which the later value of each member wins. A batch ends
 *   where the namespace changes,
 *   before a command whose time ends earlier than that of those before it (it may begin a batch),
 *   where a value would never be sent that only AWS could judge (update_is_judged_by_value),
 *   at LIMITS_BATCH commands, or where a member's share_max is reached,
 *   at LIMITS_COMMAND_BYTES of merged members.
 *
 * A batch that AWS refuses as invalid is split, and its parts are called in order, each judged on
 * its own: single commands, or, of a large batch, BATCH_PARTS smaller ones. So one bad command
 * among a thousand costs tens of calls, not a thousand.
 */
#ifndef BRIDGE_BATCH_H
#define BRIDGE_BATCH_H

#include "bridge/record.h"

#define BATCH_PARTS 16

/* How many waiting commands, from this one at the head of its lane on, go into one call. If their
 * last call is in doubt, it is a DescribeJob about just those. */
unsigned batch_size(const struct record *first);

/* The next command of the call that this one is in; NULL behind the last. */
struct record *batch_next(const struct record *record);

void batch_write(const struct record *first, struct buf *body);

/* The trace of the newest command in the call that has one. */
struct trace batch_trace(const struct record *first);

/* Whether a refusal of the call may be due to one of its commands and not to the others. */
bool batch_is_divisible(const struct record *first, enum fault fault);
/* The share_max of the commands of a refused call. */
unsigned batch_part(const struct record *first);

#endif
