#include "bridge/backoff.h"

#define TRANSIENT_BASE_MS 50
#define SLOW_BASE_MS      1000

int64_t backoff_pause_ms(enum fault_class class, unsigned failures, int64_t retry_after_ms,
                         const struct port_chance *chance)
{
    int64_t ceiling = class == FAULT_TRANSIENT ? TRANSIENT_BASE_MS : SLOW_BASE_MS;
    for (unsigned i = 1; i < failures && ceiling < BACKOFF_MAX_MS; i++)
        ceiling *= 2;
    if (ceiling > BACKOFF_MAX_MS)
        ceiling = BACKOFF_MAX_MS;
    int64_t pause = (int64_t)chance->below(chance->context, (uint64_t)ceiling + 1);
    if (retry_after_ms > BACKOFF_ASKED_MAX_MS)
        retry_after_ms = BACKOFF_ASKED_MAX_MS;
    return pause > retry_after_ms ? pause : retry_after_ms;
}
