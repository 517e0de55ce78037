/* The subscriptions of a link: those it is to have, and those it is to have no more. */
#ifndef MQTT_SUBSCRIBE_H
#define MQTT_SUBSCRIBE_H

#include "mqtt/link.h"

/* Between link_enter and link_leave, while the gate waits for answers: in as many packets as
 * LIMITS_SUBSCRIBE_FILTERS asks for. ERR_REFUSED: a filter was not granted at QoS 1. */
nodiscard enum err subscribe(struct link *link, struct why *why);
nodiscard enum err subscribe_drop_stale(struct link *link, struct why *why);

#endif
