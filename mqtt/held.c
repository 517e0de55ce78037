#include "mqtt/held.h"

#include <stdlib.h>

void held_init(struct held *held)
{
    *held = (struct held){0};
}

void held_fini(struct held *held)
{
    free(held->ring);
    *held = (struct held){0};
}

void held_clear(struct held *held)
{
    held->first = held->count = 0;
    held->total = 0;
}

static struct held_one *at(const struct held *held, size_t i)
{
    return &held->ring[(held->first + i) & (held->capacity - 1)];
}

static enum err grow(struct held *held)
{
    if (held->count < held->capacity)
        return ERR_NONE;
    if (held->count == HELD_MAX)
        return ERR_FULL;
    size_t capacity = held->capacity == 0 ? 64 : held->capacity * 2;
    struct held_one *ring = calloc(capacity, sizeof *ring);
    if (ring == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < held->count; i++)
        ring[i] = *at(held, i);
    free(held->ring);
    held->ring = ring;
    held->capacity = capacity;
    held->first = 0;
    return ERR_NONE;
}

enum err held_add(struct held *held, uint16_t packet_id)
{
    enum err err = grow(held);
    if (err != ERR_NONE)
        return err;
    held->count++;
    held->total++;
    *at(held, held->count - 1) = (struct held_one){.packet_id = packet_id};
    return ERR_NONE;
}

bool held_release(struct held *held, uint16_t packet_id)
{
    for (size_t i = 0; i < held->count; i++) {
        struct held_one *one = at(held, i);
        if (one->packet_id == packet_id && !one->may_go)
            return one->may_go = true;
    }
    return false;
}

bool held_take(struct held *held, uint16_t *ret_packet_id)
{
    if (held->count == 0 || !at(held, 0)->may_go)
        return false;
    *ret_packet_id = at(held, 0)->packet_id;
    held->first = (held->first + 1) & (held->capacity - 1);
    held->count--;
    return true;
}
