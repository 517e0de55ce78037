/*
 * How the service is, as the loop thread knows it and the admin thread asks: atomics only, so
 * setters and questions may be called on any thread.
 */
#ifndef DAEMON_HEALTH_H
#define DAEMON_HEALTH_H

#include "base/emit.h"

#include <stdatomic.h>

/* A turn of the loop may block this long before the service counts as stuck: a connect attempt to
 * the broker (MQTT_CONNECT_TIMEOUT_S) and a slow disk fit. */
#define HEALTH_TURN_MAX_MS 15000

enum health_endpoint {
    HEALTH_ENDPOINT_UNKNOWN, /* nothing was called yet */
    HEALTH_ENDPOINT_UP,      /* the last call was answered */
    HEALTH_ENDPOINT_DOWN,    /* the last call was not */
    HEALTH_ENDPOINT_COUNT
};

struct health {
    _Atomic bool mqtt_up;
    _Atomic bool has_journal;
    _Atomic bool is_full;
    _Atomic int endpoint;
    _Atomic int64_t last_turn_ms; /* on the clock of now_mono_ms; 0: never */
};

void health_init(struct health *health);

void health_set_mqtt(struct health *health, bool is_up);   /* up: connected and subscribed */
void health_set_full(struct health *health, bool is_full); /* takes in no more for now */
void health_set_journal(struct health *health, bool works);
void health_set_endpoint(struct health *health, enum health_endpoint state);
void health_set_turn(struct health *health, int64_t now_ms); /* once in each turn of the loop */

/* Whether the loop turns, and whether commands can be taken and answered besides. The reasons why
 * not are written into the array that is open. */
bool health_is_live(const struct health *health, int64_t now_ms, struct emit *reasons);
bool health_is_ready(const struct health *health, int64_t now_ms, struct emit *reasons);

#endif
