/* From nothing to a subscribed connection. */
#ifndef MQTT_DIAL_H
#define MQTT_DIAL_H

#include "mqtt/link.h"

/* Connects and subscribes; blocks for MQTT_CONNECT_TIMEOUT_S at most, and for as long as the
 * resolver takes. ERR_INVALID: the build is broken and no later attempt can do better. */
nodiscard enum err dial(struct link *link, struct why *why);

#endif
