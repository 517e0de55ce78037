/* The MQTT 5 properties of a PUBLISH, between Paho's words and ours. */
#ifndef MQTT_PROPERTY_H
#define MQTT_PROPERTY_H

#include "bridge/port.h"
#include "mqtt/link.h"

/* User properties. */
#define PROPERTY_TRACEPARENT "traceparent"
#define PROPERTY_TRACESTATE  "tracestate"

/* Fills in what the properties say. The views are theirs. A trace is taken where there is one
 * traceparent; with two of them nobody knows which is meant. */
void property_read(const MQTTProperties *properties, struct arrival *arrival);

/* What the message wants to say, its trace on demand. 0, or Paho's error; what was added is to be
 * freed either way. */
int property_write(const struct link_message *message, bool has_trace, MQTTProperties *properties);

#endif
