#include "bridge/pace.h"

#define NOT_YET        (INT64_MIN / 2)
#define IDLE_BEFORE_MS 3600000 /* nothing was called before the beginning */

void pace_init(struct pace *pace, double rate_per_second, unsigned burst, int64_t now_ms)
{
    *pace = (struct pace){.lowered_ms = NOT_YET, .raised_ms = now_ms};
    bucket_init(&pace->bucket, rate_per_second, burst, now_ms - IDLE_BEFORE_MS);
    pace->configured = pace->bucket.parts_per_second;
}

bool pace_take(struct pace *pace, int64_t now_ms)
{
    bool was_idle = bucket_has_overflowed(&pace->bucket, now_ms);
    if (!bucket_take(&pace->bucket, now_ms))
        return false;
    if (was_idle)
        bucket_still(&pace->bucket, now_ms);
    return true;
}

void pace_replied(struct pace *pace, int64_t now_ms)
{
    bucket_flow(&pace->bucket, now_ms);
}

static void lower(struct pace *pace, int64_t now_ms)
{
    int64_t floor = (int64_t)(PACE_FLOOR * BUCKET_TOKEN);
    int64_t rate = (int64_t)((double)pace->bucket.parts_per_second * PACE_LOWER);
    if (rate < floor)
        rate = floor < pace->configured ? floor : pace->configured;
    bucket_set_rate(&pace->bucket, rate, now_ms);
}

/* Half of it by chance, so that bridges that share a quota do not come back together. */
static int64_t rest_ms(const struct pace *pace, const struct port_chance *chance)
{
    int64_t rest = PACE_REST_MS;
    for (unsigned i = 1; i < pace->throttles && rest < BACKOFF_MAX_MS; i++)
        rest *= 2;
    if (rest > BACKOFF_MAX_MS)
        rest = BACKOFF_MAX_MS;
    return rest / 2 + (int64_t)chance->below(chance->context, (uint64_t)(rest / 2 + 1));
}

int64_t pace_throttled(struct pace *pace, int64_t started_ms, int64_t asked_ms, int64_t now_ms,
                       const struct port_chance *chance)
{
    bool is_news = started_ms >= pace->lowered_ms;
    if (is_news) {
        pace->throttles++;
        pace->lowered_ms = now_ms;
        if (pace->configured > 0)
            lower(pace, now_ms);
    }
    if (asked_ms > BACKOFF_ASKED_MAX_MS)
        asked_ms = BACKOFF_ASKED_MAX_MS;
    if (asked_ms > 0)
        bucket_hold(&pace->bucket, now_ms + asked_ms);
    else if (is_news)
        bucket_hold(&pace->bucket, now_ms + rest_ms(pace, chance));
    int64_t until_ms = pace->bucket.held_until_ms;
    pace->raised_ms = until_ms;
    return until_ms;
}

void pace_answered(struct pace *pace, int64_t now_ms)
{
    pace->throttles = 0;
    int64_t elapsed_ms = now_ms - pace->raised_ms;
    if (elapsed_ms <= 0 || pace->bucket.parts_per_second == pace->configured)
        return;
    if (elapsed_ms > 1000)
        elapsed_ms = 1000;
    double raise = (double)pace->configured * PACE_RAISE * (double)elapsed_ms / 1000;
    int64_t rate = pace->bucket.parts_per_second + (int64_t)raise;
    bucket_set_rate(&pace->bucket, rate < pace->configured ? rate : pace->configured, now_ms);
    pace->raised_ms = now_ms;
}

void pace_restart(struct pace *pace, int64_t now_ms)
{
    bucket_hold(&pace->bucket, now_ms);
}

double pace_rate(const struct pace *pace)
{
    return (double)pace->bucket.parts_per_second / BUCKET_TOKEN;
}
