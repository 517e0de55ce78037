/*
 * PUBACKs that Paho has sent and the broker must not see yet, in the order Paho sent them, which is
 * the order in which the messages arrived. MQTT asks for acknowledgements in that order
 * (MQTT-4.6.0-2), so one that may go waits for those before it.
 */
#ifndef MQTT_HELD_H
#define MQTT_HELD_H

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packet identifiers have 16 bits, and a broker may have each in flight once. */
#define HELD_MAX 65536

struct held_one {
    uint16_t packet_id;
    bool may_go;
};

struct held {
    struct held_one *ring;
    size_t capacity; /* a power of two, or 0 */
    size_t first;
    size_t count;
    uint64_t total; /* ever added since the last clear */
};

void held_init(struct held *held);
void held_fini(struct held *held);
void held_clear(struct held *held);

nodiscard enum err held_add(struct held *held, uint16_t packet_id);

/* The oldest one of that id that is still held may go; false when there is none. */
bool held_release(struct held *held, uint16_t packet_id);

/* Takes the first one off if it may go. */
bool held_take(struct held *held, uint16_t *ret_packet_id);

#endif
