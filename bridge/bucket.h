/*
 * A token bucket: calls per second, on average, with a burst. Exact in integers: one token is
 * BUCKET_TOKEN parts, and rate parts flow in every second.
 */
#ifndef BRIDGE_BUCKET_H
#define BRIDGE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define BUCKET_TOKEN 1000000

struct bucket {
    int64_t parts_per_second; /* 0: no limit */
    int64_t capacity;         /* in parts */
    int64_t level;            /* in parts */
    int64_t updated_ms;
    int64_t held_until_ms; /* AWS said to slow down: nothing leaves before */
    bool is_still;         /* nothing flows in until bucket_flow */
};

void bucket_init(struct bucket *bucket, double rate_per_second, unsigned burst, int64_t now_ms);
bool bucket_take(struct bucket *bucket, int64_t now_ms);      /* false: no token now */
bool bucket_has(const struct bucket *bucket, int64_t now_ms); /* the same, without taking */

double bucket_tokens(const struct bucket *bucket, int64_t now_ms); /* what is in it */

/* When a token will be there; DUE_NEVER: not by time alone. */
int64_t bucket_next_ms(const struct bucket *bucket, int64_t now_ms);

/* Whether about half a token or more was lost because it was full. Without a limit none ever is. */
bool bucket_has_overflowed(const struct bucket *bucket, int64_t now_ms);

/* Stops what flows in, and lets it flow again from now on. */
void bucket_still(struct bucket *bucket, int64_t now_ms);
void bucket_flow(struct bucket *bucket, int64_t now_ms);

/* From now on; what has flowed in so far stays. Only where there is a limit. */
void bucket_set_rate(struct bucket *bucket, int64_t parts_per_second, int64_t now_ms);

/* Empties the bucket and lets nothing leave before until_ms. */
void bucket_hold(struct bucket *bucket, int64_t until_ms);

#endif
