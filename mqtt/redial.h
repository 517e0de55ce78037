/*
 * When to try the broker again: exponential backoff with full jitter, so that many clients do not
 * come back in step after an outage. The first attempt is due at once. Only a link that stayed up
 * for a while clears the count: one that is accepted and dropped at once backs off like any other.
 */
#ifndef MQTT_REDIAL_H
#define MQTT_REDIAL_H

#include <stdbool.h>
#include <stdint.h>

#define REDIAL_MIN_MS    100
#define REDIAL_MAX_MS    30000
#define REDIAL_STABLE_MS 60000

struct redial {
    int failures;          /* in a row, a short-lived link counting as one */
    int64_t up_ms;         /* since when the link is up; -1: it is not */
    int64_t at_ms;         /* when the next attempt is due */
    int64_t rest_until_ms; /* an attempt that fails, or a link that is lost, is not followed by the
                              next one before then */
};

void redial_init(struct redial *redial, int64_t now_ms);
void redial_up(struct redial *redial, int64_t now_ms);
void redial_rest(struct redial *redial, int64_t until_ms);
void redial_failed(struct redial *redial,
                   int64_t now_ms);                     /* an attempt failed, or the link is lost */
void redial_now(struct redial *redial, int64_t now_ms); /* the next attempt is due at once */

/* The longest wait after that many failures in a row. */
int64_t redial_ceiling_ms(int failures);

#endif
