/* The subscriptions of a link: those it is to have, and those it is to have no more. */
#ifndef MQTT_SUBSCRIBE_H
#define MQTT_SUBSCRIBE_H

#include "mqtt/link.h"

/* One packet of LIMITS_SUBSCRIBE_FILTERS at most, and its answer: what is to be had comes first.
 * Blocks for exchange_ms at most. ERR_REFUSED: a filter was not granted at QoS 1. */
nodiscard enum err subscribe_step(struct link *link, struct why *why);
bool subscribe_is_done(const struct link *link);

#endif
