#include "mqtt/receipts.h"

#include "mqtt/reason_code.h"

#include <assert.h>
#include <string.h>

void receipts_clear(struct receipts *receipts, size_t window_limit)
{
    window_clear(&receipts->window, window_limit);
    receipts->count = 0;
}

bool receipts_take(struct receipts *receipts, struct receipt *ret)
{
    if (receipts->count == 0)
        return false;
    *ret = receipts->list[0];
    receipts->count--;
    memmove(receipts->list, receipts->list + 1, receipts->count * sizeof *receipts->list);
    return true;
}

void receipts_hear_publish(struct receipts *receipts, int packet_id)
{
    if (receipts->window.count > 0 && !window_last_has_name(&receipts->window))
        window_name_last(&receipts->window, packet_id);
}

void receipts_hear_puback(struct receipts *receipts, int packet_id, int reason)
{
    struct window_slot slot;
    if (packet_id == 0 || !window_take(&receipts->window, packet_id, &slot) || slot.is_own)
        return;
    assert(receipts->count < COUNT_OF(receipts->list));
    receipts->list[receipts->count++] =
        (struct receipt){slot.post_id, reason >= REASON_CODE_FAILURE ? ERR_REFUSED : ERR_NONE};
}
