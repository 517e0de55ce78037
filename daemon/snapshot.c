#include "daemon/snapshot.h"

#define IS_NEWS 4u /* beside an index of 0 to 2 */

void snapshot_init(struct snapshot_exchange *exchange)
{
    *exchange = (struct snapshot_exchange){.writing = 1, .reading = 2};
}

/* Whoever takes a copy sees all that was written to it before it was given. */
static unsigned trade(struct snapshot_exchange *exchange, unsigned given)
{
    return atomic_exchange_explicit(&exchange->newest, given, memory_order_acq_rel) & ~IS_NEWS;
}

void snapshot_publish(struct snapshot_exchange *exchange, const struct snapshot *snapshot)
{
    exchange->copies[exchange->writing] = *snapshot;
    exchange->writing = trade(exchange, exchange->writing | IS_NEWS);
}

const struct snapshot *snapshot_latest(struct snapshot_exchange *exchange)
{
    if ((atomic_load_explicit(&exchange->newest, memory_order_relaxed) & IS_NEWS) != 0)
        exchange->reading = trade(exchange, exchange->reading);
    return &exchange->copies[exchange->reading];
}
