/* From a connected socket to a subscribed connection. */
#ifndef MQTT_DIAL_H
#define MQTT_DIAL_H

#include "mqtt/link.h"

/* Connects and subscribes over the socket, which it takes over; blocks for MQTT_CONNECT_TIMEOUT_S
 * at most. ERR_INVALID: the build is broken and no later attempt can do better. */
nodiscard enum err dial(struct link *link, int connected_fd, struct why *why);

#endif
