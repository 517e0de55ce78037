#include "mqtt/window.h"

#include <assert.h>

/* Slots are counted from the oldest. */
static struct window_slot *slot_at(struct window *window, size_t i)
{
    return &window->slots[(window->first + i) % LIMITS_PUBLISH_WINDOW];
}

void window_clear(struct window *window, size_t limit)
{
    window->limit = limit < LIMITS_PUBLISH_WINDOW ? limit : LIMITS_PUBLISH_WINDOW;
    window->count = 0;
    window->first = 0;
}

size_t window_room(const struct window *window)
{
    return window->limit > window->count ? window->limit - window->count : 0;
}

void window_add(struct window *window, uint64_t post_id, bool is_own)
{
    assert(window_room(window) > 0);
    *slot_at(window, window->count++) = (struct window_slot){.post_id = post_id, .is_own = is_own};
}

void window_name_last(struct window *window, int packet_id)
{
    assert(window->count > 0);
    slot_at(window, window->count - 1)->packet_id = packet_id;
}

bool window_last_has_name(struct window *window)
{
    return window->count > 0 && slot_at(window, window->count - 1)->packet_id != 0;
}

void window_drop_last(struct window *window)
{
    assert(window->count > 0);
    window->count--;
}

/* Acknowledgements come in the order of the publishes, so that mostly the oldest is the one, and no
 * other has to move. */
bool window_take(struct window *window, int packet_id, struct window_slot *ret_slot)
{
    size_t at = 0;
    while (at < window->count && slot_at(window, at)->packet_id != packet_id)
        at++;
    if (at == window->count)
        return false;
    *ret_slot = *slot_at(window, at);
    for (; at > 0; at--)
        *slot_at(window, at) = *slot_at(window, at - 1);
    window->first = (window->first + 1) % LIMITS_PUBLISH_WINDOW;
    window->count--;
    return true;
}
