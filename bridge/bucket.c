#include "bridge/bucket.h"

#include "base/due.h"

/* So that no product in level_at can overflow, whatever the burst. */
#define PARTS_MAX (INT64_MAX / 2000)

/* However small a rate is, it is a limit. */
static int64_t parts_of(double rate_per_second)
{
    double parts = rate_per_second * BUCKET_TOKEN;
    if (parts <= 0)
        return 0;
    if (parts < 1)
        return 1;
    return parts < (double)PARTS_MAX ? (int64_t)parts : PARTS_MAX;
}

void bucket_init(struct bucket *bucket, double rate_per_second, unsigned burst, int64_t now_ms)
{
    *bucket = (struct bucket){
        .parts_per_second = parts_of(rate_per_second),
        .capacity = (int64_t)burst * BUCKET_TOKEN,
        .level = (int64_t)burst * BUCKET_TOKEN,
        .updated_ms = now_ms,
        .held_until_ms = now_ms,
    };
}

/* As if it could hold any number. */
static int64_t inflow_at(const struct bucket *bucket, int64_t now_ms)
{
    int64_t elapsed_ms = bucket->is_still ? 0 : now_ms - bucket->updated_ms;
    /* Longer than it takes to fill: enough to know, and no product that could overflow. */
    int64_t enough_ms = bucket->capacity / bucket->parts_per_second * 1000 + 1000;
    if (elapsed_ms > enough_ms)
        return bucket->capacity + BUCKET_TOKEN;
    return bucket->level + elapsed_ms * bucket->parts_per_second / 1000;
}

static int64_t level_at(const struct bucket *bucket, int64_t now_ms)
{
    int64_t level = inflow_at(bucket, now_ms);
    return level < bucket->capacity ? level : bucket->capacity;
}

bool bucket_has(const struct bucket *bucket, int64_t now_ms)
{
    if (now_ms < bucket->held_until_ms)
        return false;
    return bucket->parts_per_second == 0 || level_at(bucket, now_ms) >= BUCKET_TOKEN;
}

double bucket_tokens(const struct bucket *bucket, int64_t now_ms)
{
    if (bucket->parts_per_second == 0 || now_ms <= bucket->updated_ms)
        return (double)bucket->level / BUCKET_TOKEN;
    return (double)level_at(bucket, now_ms) / BUCKET_TOKEN;
}

/* During a hold time stands still, at its end. */
static void fill(struct bucket *bucket, int64_t now_ms)
{
    if (now_ms <= bucket->updated_ms)
        return;
    bucket->level = level_at(bucket, now_ms);
    bucket->updated_ms = now_ms;
}

bool bucket_take(struct bucket *bucket, int64_t now_ms)
{
    if (!bucket_has(bucket, now_ms))
        return false;
    if (bucket->parts_per_second > 0) {
        fill(bucket, now_ms);
        bucket->level -= BUCKET_TOKEN;
    }
    return true;
}

void bucket_still(struct bucket *bucket, int64_t now_ms)
{
    if (bucket->parts_per_second == 0)
        return;
    fill(bucket, now_ms);
    bucket->is_still = true;
}

void bucket_flow(struct bucket *bucket, int64_t now_ms)
{
    if (!bucket->is_still)
        return;
    bucket->is_still = false;
    bucket->updated_ms = now_ms;
}

bool bucket_has_overflowed(const struct bucket *bucket, int64_t now_ms)
{
    return bucket->parts_per_second > 0 && now_ms >= bucket->held_until_ms &&
           inflow_at(bucket, now_ms) >= bucket->capacity + BUCKET_TOKEN / 2;
}

void bucket_set_rate(struct bucket *bucket, int64_t parts_per_second, int64_t now_ms)
{
    fill(bucket, now_ms);
    bucket->parts_per_second = parts_per_second;
}

int64_t bucket_next_ms(const struct bucket *bucket, int64_t now_ms)
{
    if (now_ms < bucket->held_until_ms)
        now_ms = bucket->held_until_ms;
    if (bucket->parts_per_second == 0)
        return now_ms;
    int64_t missing = BUCKET_TOKEN - level_at(bucket, now_ms);
    if (missing <= 0)
        return now_ms;
    if (bucket->is_still)
        return DUE_NEVER;
    return now_ms + (missing * 1000 + bucket->parts_per_second - 1) / bucket->parts_per_second;
}

void bucket_hold(struct bucket *bucket, int64_t until_ms)
{
    bucket->level = 0;
    bucket->is_still = false;
    if (until_ms > bucket->held_until_ms)
        bucket->held_until_ms = until_ms;
    if (bucket->parts_per_second > 0 && until_ms > bucket->updated_ms)
        bucket->updated_ms = until_ms;
}
