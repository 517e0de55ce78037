#include "mqtt/window.h"

#include <assert.h>
#include <string.h>

void window_clear(struct window *window, size_t limit)
{
    window->limit = limit < LIMITS_PUBLISH_WINDOW ? limit : LIMITS_PUBLISH_WINDOW;
    window->count = 0;
}

size_t window_room(const struct window *window)
{
    return window->limit > window->count ? window->limit - window->count : 0;
}

void window_add(struct window *window, uint64_t post_id, bool is_own)
{
    assert(window_room(window) > 0);
    window->slots[window->count++] = (struct window_slot){.post_id = post_id, .is_own = is_own};
}

void window_name_last(struct window *window, int packet_id)
{
    assert(window->count > 0);
    window->slots[window->count - 1].packet_id = packet_id;
}

bool window_last_has_name(const struct window *window)
{
    return window->count > 0 && window->slots[window->count - 1].packet_id != 0;
}

void window_drop_last(struct window *window)
{
    assert(window->count > 0);
    window->count--;
}

/* Acknowledgements come in the order of the publishes, so the first slot mostly is the one. */
static struct window_slot *find(struct window *window, int packet_id)
{
    for (size_t i = 0; i < window->count; i++) {
        if (window->slots[i].packet_id == packet_id)
            return &window->slots[i];
    }
    return NULL;
}

void window_refuse(struct window *window, int packet_id)
{
    struct window_slot *slot = find(window, packet_id);
    if (slot != NULL)
        slot->is_refused = true;
}

bool window_take(struct window *window, int packet_id, struct window_slot *ret_slot)
{
    struct window_slot *slot = find(window, packet_id);
    if (slot == NULL)
        return false;
    *ret_slot = *slot;
    window->count--;
    size_t after = window->count - (size_t)(slot - window->slots);
    memmove(slot, slot + 1, after * sizeof *slot);
    return true;
}
