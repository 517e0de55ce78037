/*
 * Publishes on their way: sent, or waiting in the gate's buffer, and not yet acknowledged by the
 * broker. Paho's packet id leads back to the post.
 */
#ifndef MQTT_WINDOW_H
#define MQTT_WINDOW_H

#include "base/attr.h"
#include "base/err.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window_slot {
    int packet_id; /* 0: Paho has not said yet */
    bool is_own;   /* the link's own status, of which nobody needs to hear */
    uint64_t post_id;
};

struct window {
    size_t limit; /* how many may be on their way: ours or the broker's, whichever is less */
    size_t count;
    size_t first; /* of the slots, which go round: where the oldest stands */
    struct window_slot slots[LIMITS_PUBLISH_WINDOW];
};

void window_clear(struct window *window, size_t limit);
size_t window_room(const struct window *window);

/* There must be room. The slot is the last one until window_name_last or window_drop_last. */
void window_add(struct window *window, uint64_t post_id, bool is_own);
void window_name_last(struct window *window, int packet_id);
void window_drop_last(struct window *window);
bool window_last_has_name(struct window *window);

bool window_take(struct window *window, int packet_id, struct window_slot *ret_slot); /* if known */

#endif
