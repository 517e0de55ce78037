/* From a connected socket to a connection by MQTT, which mqtt/subscribe.h goes on with. */
#ifndef MQTT_DIAL_H
#define MQTT_DIAL_H

#include "mqtt/link.h"

/* Connects over the socket, which it takes over, up to the CONNACK; blocks for exchange_ms at most.
 * ERR_INVALID: the build is broken and no later attempt can do better. */
nodiscard enum err dial(struct link *link, int connected_fd, struct why *why);

#endif
