/*
 * Whether the service is alive, and whether it is ready, by what the loop thread has published.
 *
 * Each question is answered yes or no; the reasons why not are written, as texts, into the array
 * that is open.
 */
#ifndef DAEMON_HEALTH_H
#define DAEMON_HEALTH_H

#include "base/emit.h"
#include "daemon/snapshot.h"

/* A turn of the loop may block this long before the service counts as stuck: a broker that accepts
 * the connection and then says nothing (MQTT_CONNECT_TIMEOUT_S) and a slow disk fit. */
#define HEALTH_TURN_MAX_MS 15000

/* Whether the loop turns, at now_ms of now_mono_ms; and whether commands can be taken and answered
 * besides. */
bool health_is_live(const struct snapshot *snapshot, int64_t now_ms, struct emit *reasons);
bool health_is_ready(const struct snapshot *snapshot, int64_t now_ms, struct emit *reasons);

#endif
