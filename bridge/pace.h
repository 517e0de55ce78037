/*
 * How fast calls may leave: a token bucket whose rate follows what AWS lets through, by additive
 * increase and multiplicative decrease, and never exceeds the configured one.
 *
 * A throttled answer halves the rate and lets all calls rest. Others that were under way by then
 * and are throttled too only say the same once more: they lower nothing. Every answered call raises
 * the rate again, by no more than PACE_RAISE of the configured one a second, so what is not tried
 * is not raised. Without a configured rate there is nothing to lower, and the rests alone slow
 * down.
 */
#ifndef BRIDGE_PACE_H
#define BRIDGE_PACE_H

#include "bridge/backoff.h"
#include "bridge/bucket.h"
#include "bridge/port.h"

#define PACE_LOWER   0.5  /* what a throttled call leaves of the rate */
#define PACE_RAISE   0.02 /* of the configured rate, a second */
#define PACE_FLOOR   0.5  /* calls a second, or the configured rate if that is less */
#define PACE_REST_MS 1000 /* the first rest; doubled for each that follows without success */

struct pace {
    struct bucket bucket;
    int64_t configured; /* parts per second; 0: no limit */
    int64_t lowered_ms; /* when last; calls that started before do not lower it again */
    int64_t raised_ms;
    unsigned throttles; /* since the last answered call */
};

void pace_init(struct pace *pace, double rate_per_second, unsigned burst, int64_t now_ms);

/* Takes a token for a call; false: there is none.
 *
 * After a while without calls the service's bucket is full, and begins to refill when the first
 * call reaches it, which is later than it left here. So ours begins when the first reply is back:
 * otherwise the first call after a burst would come to the service a moment too early. */
bool pace_take(struct pace *pace, int64_t now_ms);
void pace_replied(struct pace *pace, int64_t now_ms); /* whatever the reply is; before the others */

/* A call that started at started_ms was throttled; asked_ms is the rest that AWS asks for, or -1;
 * what is more than BACKOFF_ASKED_MAX_MS counts as that. Returns when calls may leave again. */
int64_t pace_throttled(struct pace *pace, int64_t started_ms, int64_t asked_ms, int64_t now_ms,
                       const struct port_chance *chance);
/* A call was answered otherwise. */
void pace_answered(struct pace *pace, int64_t now_ms);

/* Nothing was called for a while: begin with single calls, not with a saved-up burst. */
void pace_restart(struct pace *pace, int64_t now_ms);

double pace_rate(const struct pace *pace); /* calls a second as they may leave now; 0: no limit */

#endif
