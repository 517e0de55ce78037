/*
 * Which command in the journal may be the same as one that arrives: the hash of each, and the last
 * command that has it. In memory, and read from the journal when that is opened: hashes have no
 * order, so that an index of them in the database is written all over by every commit.
 *
 * Takes 21 to 43 bytes for each command, and gives them back. A dead letter that another process
 * drops keeps its place until the journal is opened again.
 */
#ifndef STORE_REPEATS_H
#define STORE_REPEATS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct repeat {
    int64_t hash; /* keyed: its bits are as good as random */
    uint64_t seq; /* 0: free */
};

struct repeats {
    struct repeat *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

void repeats_init(struct repeats *repeats);
void repeats_fini(struct repeats *repeats);

/* In the place of an earlier one with that hash. ERR_NO_MEMORY: nothing has changed. */
nodiscard enum err repeats_put(struct repeats *repeats, int64_t hash, uint64_t seq);
uint64_t repeats_find(const struct repeats *repeats, int64_t hash); /* 0: none */
/* The command is gone; if a later one took its place, that stays. */
void repeats_drop(struct repeats *repeats, int64_t hash, uint64_t seq);

#endif
