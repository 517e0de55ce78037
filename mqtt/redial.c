#include "mqtt/redial.h"

#include "base/chance.h"

void redial_init(struct redial *redial, int64_t now_ms)
{
    *redial = (struct redial){.up_ms = -1, .at_ms = now_ms, .rest_until_ms = now_ms};
}

void redial_up(struct redial *redial, int64_t now_ms)
{
    redial->up_ms = now_ms;
}

void redial_rest(struct redial *redial, int64_t until_ms)
{
    redial->rest_until_ms = until_ms;
}

int64_t redial_ceiling_ms(int failures)
{
    int64_t ceiling = REDIAL_MIN_MS;
    for (int i = 0; i < failures && ceiling < REDIAL_MAX_MS; i++)
        ceiling *= 2;
    return ceiling < REDIAL_MAX_MS ? ceiling : REDIAL_MAX_MS;
}

void redial_failed(struct redial *redial, int64_t now_ms)
{
    if (redial->up_ms >= 0 && now_ms - redial->up_ms >= REDIAL_STABLE_MS)
        redial->failures = 0;
    redial->up_ms = -1;
    redial->failures++;
    int64_t spread = redial_ceiling_ms(redial->failures) - REDIAL_MIN_MS;
    redial->at_ms = now_ms + REDIAL_MIN_MS + (int64_t)chance_below((uint64_t)spread + 1);
    if (redial->at_ms < redial->rest_until_ms)
        redial->at_ms = redial->rest_until_ms;
}

void redial_now(struct redial *redial, int64_t now_ms)
{
    redial->up_ms = -1;
    redial->at_ms = now_ms;
}
