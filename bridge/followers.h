/*
 * Commands that repeat one which is not decided yet, but want their answer elsewhere: each waits,
 * taken in and journaled, for the ending of the one it follows. They are not called.
 */
#ifndef BRIDGE_FOLLOWERS_H
#define BRIDGE_FOLLOWERS_H

#include "bridge/record.h"

struct followers {
    struct list records; /* by lane_node, which they do not need otherwise */
    size_t count;
};

void followers_init(struct followers *followers);
void followers_fini(struct followers *followers); /* frees the records that are still in it */

void followers_add(struct followers *followers, struct record *record, uint64_t leader_seq);

/* Takes out one that follows the leader; NULL: none does. */
struct record *followers_take(struct followers *followers, uint64_t leader_seq);

#endif
