#include "bridge/breaker.h"

#include <assert.h>

#define NEVER BREAKER_STATE_COUNT

/* What ends after the breaker has opened began before it did, the probe aside. */
static const enum breaker_state table[BREAKER_STATE_COUNT][BREAKER_EVENT_COUNT] = {
    [BREAKER_CLOSED] =
        {
            [BREAKER_ANSWER] = BREAKER_CLOSED,
            [BREAKER_FAIL] = BREAKER_CLOSED,
            [BREAKER_TRIP] = BREAKER_OPEN,
            [BREAKER_REST] = NEVER,
            [BREAKER_CALL] = BREAKER_CLOSED,
        },
    [BREAKER_OPEN] =
        {
            [BREAKER_ANSWER] = BREAKER_CLOSED,
            [BREAKER_FAIL] = BREAKER_OPEN,
            [BREAKER_TRIP] = NEVER,
            [BREAKER_REST] = BREAKER_HALF_OPEN,
            [BREAKER_CALL] = NEVER,
        },
    [BREAKER_HALF_OPEN] =
        {
            [BREAKER_ANSWER] = BREAKER_CLOSED,
            [BREAKER_FAIL] = BREAKER_OPEN,
            [BREAKER_TRIP] = NEVER,
            [BREAKER_REST] = NEVER,
            [BREAKER_CALL] = BREAKER_PROBING,
        },
    [BREAKER_PROBING] =
        {
            [BREAKER_ANSWER] = BREAKER_CLOSED,
            [BREAKER_FAIL] = BREAKER_OPEN,
            [BREAKER_TRIP] = NEVER,
            [BREAKER_REST] = NEVER,
            [BREAKER_CALL] = NEVER,
        },
};

enum breaker_state breaker_next(enum breaker_state state, enum breaker_event event)
{
    return table[state][event];
}

const char *breaker_state_name(enum breaker_state state)
{
    static const char *const names[BREAKER_STATE_COUNT] = {
        [BREAKER_CLOSED] = "closed",
        [BREAKER_OPEN] = "open",
        [BREAKER_HALF_OPEN] = "half-open",
        [BREAKER_PROBING] = "probing",
    };
    return names[state];
}

static void move(struct breaker *breaker, enum breaker_event event)
{
    enum breaker_state next = breaker_next(breaker->state, event);
    assert(next != NEVER);
    breaker->state = next;
}

bool breaker_allows(struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN && now_ms >= breaker->until_ms)
        move(breaker, BREAKER_REST);
    return breaker_next(breaker->state, BREAKER_CALL) != NEVER;
}

void breaker_called(struct breaker *breaker)
{
    move(breaker, BREAKER_CALL);
}

static bool is_failure(enum fault_class class)
{
    return class == FAULT_TRANSIENT || class == FAULT_CREDENTIALS;
}

/* Half of it by chance, so that bridges that share an endpoint do not come back together. */
static void rest(struct breaker *breaker, int64_t now_ms, const struct port_chance *chance)
{
    int64_t rest_ms = BREAKER_REST_MS;
    for (unsigned i = 0; i < breaker->rests && rest_ms < BREAKER_REST_MAX_MS; i++)
        rest_ms *= 2;
    if (rest_ms > BREAKER_REST_MAX_MS)
        rest_ms = BREAKER_REST_MAX_MS;
    rest_ms = rest_ms / 2 + (int64_t)chance->below(chance->context, (uint64_t)(rest_ms / 2 + 1));
    breaker->rests++;
    breaker->until_ms = now_ms + rest_ms;
}

/* A failed call, counted; which event it is. */
static enum breaker_event count(struct breaker *breaker, const struct reply *reply, const void *of)
{
    bool is_news = reply->http_status == 0 || of != breaker->culprit;
    breaker->culprit = of;
    if (breaker->state != BREAKER_CLOSED)
        return BREAKER_FAIL;
    breaker->failures += is_news;
    return breaker->failures < BREAKER_TRIPS ? BREAKER_FAIL : BREAKER_TRIP;
}

bool breaker_ended(struct breaker *breaker, const struct reply *reply, const void *of,
                   int64_t now_ms, const struct port_chance *chance)
{
    enum breaker_state was = breaker->state;
    if (!is_failure(reply->class)) {
        move(breaker, BREAKER_ANSWER);
        *breaker = (struct breaker){.state = breaker->state};
        return was != BREAKER_CLOSED;
    }
    move(breaker, count(breaker, reply, of));
    if (breaker->state == BREAKER_OPEN && was != BREAKER_OPEN)
        rest(breaker, now_ms, chance);
    return false;
}

int64_t breaker_due_ms(const struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN)
        return breaker->until_ms;
    return breaker_next(breaker->state, BREAKER_CALL) != NEVER ? now_ms : DUE_NEVER;
}
