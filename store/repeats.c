#include "store/repeats.h"

#include <stdlib.h>

#define SLOTS_MIN 256

void repeats_init(struct repeats *repeats)
{
    *repeats = (struct repeats){0};
}

void repeats_fini(struct repeats *repeats)
{
    free(repeats->slots);
    repeats_init(repeats);
}

static size_t after(const struct repeats *repeats, size_t at)
{
    return (at + 1) & (repeats->slot_count - 1);
}

static size_t home_of(const struct repeats *repeats, int64_t hash)
{
    return (size_t)hash & (repeats->slot_count - 1);
}

/* Where that hash is, or the free slot where it would be. */
static size_t slot_of(const struct repeats *repeats, int64_t hash)
{
    size_t at = home_of(repeats, hash);
    while (repeats->slots[at].seq != 0 && repeats->slots[at].hash != hash)
        at = after(repeats, at);
    return at;
}

static enum err resize(struct repeats *repeats, size_t slot_count)
{
    struct repeats resized = {.slots = calloc(slot_count, sizeof *resized.slots),
                              .slot_count = slot_count,
                              .count = repeats->count};
    if (resized.slots == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < repeats->slot_count; i++) {
        const struct repeat *repeat = &repeats->slots[i];
        if (repeat->seq != 0)
            resized.slots[slot_of(&resized, repeat->hash)] = *repeat;
    }
    free(repeats->slots);
    *repeats = resized;
    return ERR_NONE;
}

enum err repeats_put(struct repeats *repeats, int64_t hash, uint64_t seq)
{
    if (repeats->count >= repeats->slot_count / 4 * 3) {
        size_t slot_count = repeats->slot_count > 0 ? repeats->slot_count * 2 : SLOTS_MIN;
        enum err err = resize(repeats, slot_count);
        if (err != ERR_NONE)
            return err;
    }
    struct repeat *repeat = &repeats->slots[slot_of(repeats, hash)];
    repeats->count += repeat->seq == 0;
    *repeat = (struct repeat){hash, seq};
    return ERR_NONE;
}

uint64_t repeats_find(const struct repeats *repeats, int64_t hash)
{
    return repeats->count > 0 ? repeats->slots[slot_of(repeats, hash)].seq : 0;
}

/* Those behind a slot that became free move up, unless that were before their home. */
static void close_gap(struct repeats *repeats, size_t gap)
{
    size_t mask = repeats->slot_count - 1;
    for (size_t at = after(repeats, gap); repeats->slots[at].seq != 0; at = after(repeats, at)) {
        size_t home = home_of(repeats, repeats->slots[at].hash);
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        repeats->slots[gap] = repeats->slots[at];
        gap = at;
    }
    repeats->slots[gap].seq = 0;
}

void repeats_drop(struct repeats *repeats, int64_t hash, uint64_t seq)
{
    if (repeats->count == 0)
        return;
    size_t at = slot_of(repeats, hash);
    if (repeats->slots[at].seq != seq)
        return;
    close_gap(repeats, at);
    repeats->count--;
    if (repeats->slot_count > SLOTS_MIN && repeats->count < repeats->slot_count / 8)
        (void)resize(repeats, repeats->slot_count / 2); /* if not, it stays as it is */
}
