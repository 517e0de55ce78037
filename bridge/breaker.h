/*
 * The circuit breaker: when the endpoint is down, calls rest but for one now and then that probes.
 *
 *   closed     calls leave
 *   open       none does: BREAKER_TRIPS failures in a row; until the rest is over
 *   half-open  the rest is over: the next call leaves, as the probe
 *   probing    the probe is under way: no other call
 *
 * A failure is a call that ended in no answer, or in one that says that the service or the
 * credentials are of no use now. Any other answer mends, throttling too: somebody was there to
 * throttle. Failed answers to one and the same job count once, so that a job the service chokes on
 * does not hold up the others. Rests double while probes fail.
 */
#ifndef BRIDGE_BREAKER_H
#define BRIDGE_BREAKER_H

#include "base/due.h"
#include "bridge/port.h"

#define BREAKER_TRIPS       5
#define BREAKER_REST_MS     1000
#define BREAKER_REST_MAX_MS 20000

enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_OPEN,
    BREAKER_HALF_OPEN,
    BREAKER_PROBING,
    BREAKER_STATE_COUNT
};

enum breaker_event {
    BREAKER_ANSWER, /* a call was answered by a service that works */
    BREAKER_FAIL,   /* a call failed */
    BREAKER_TRIP,   /* a call failed, the last of so many in a row */
    BREAKER_REST,   /* the rest is over */
    BREAKER_CALL,   /* a call leaves */
    BREAKER_EVENT_COUNT
};

/* The state after event, or BREAKER_STATE_COUNT where the event cannot happen. */
enum breaker_state breaker_next(enum breaker_state state, enum breaker_event event);
const char *breaker_state_name(enum breaker_state state);

struct breaker {
    enum breaker_state state;
    unsigned failures;   /* in a row, while it is closed */
    const void *culprit; /* whose failed answer was counted last; only compared */
    unsigned rests;      /* in a row */
    int64_t until_ms;    /* the rest, while it is open */
};

/* Whether a call may leave now; time alone may half-open it. */
bool breaker_allows(struct breaker *breaker, int64_t now_ms);
void breaker_called(struct breaker *breaker); /* one leaves */

/* How a call ended; of tells jobs apart. True: it has closed, and the service was away before. */
bool breaker_ended(struct breaker *breaker, const struct reply *reply, const void *of,
                   int64_t now_ms, const struct port_chance *chance);

/* When it may next allow a call; DUE_NEVER: not by time alone. */
int64_t breaker_due_ms(const struct breaker *breaker, int64_t now_ms);

#endif
