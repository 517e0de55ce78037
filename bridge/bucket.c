#include "bridge/bucket.h"

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

static int64_t level_at(const struct bucket *bucket, int64_t now_ms)
{
    int64_t level = bucket->level;
    int64_t elapsed_ms = now_ms - bucket->updated_ms;
    /* Longer than it takes to fill: full, and no product that could overflow. */
    if (elapsed_ms > bucket->capacity / bucket->parts_per_second * 1000 + 1000)
        return bucket->capacity;
    level += elapsed_ms * bucket->parts_per_second / 1000;
    return level < bucket->capacity ? level : bucket->capacity;
}

bool bucket_has(const struct bucket *bucket, int64_t now_ms)
{
    if (now_ms < bucket->held_until_ms)
        return false;
    return bucket->parts_per_second == 0 || level_at(bucket, now_ms) >= BUCKET_TOKEN;
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
    return now_ms + (missing * 1000 + bucket->parts_per_second - 1) / bucket->parts_per_second;
}

void bucket_hold(struct bucket *bucket, int64_t until_ms)
{
    bucket->level = 0;
    if (until_ms > bucket->held_until_ms)
        bucket->held_until_ms = until_ms;
    if (bucket->parts_per_second > 0 && until_ms > bucket->updated_ms)
        bucket->updated_ms = until_ms;
}
