/* An MQTT packet on its way out, as Paho hands it over: whole, but in several parts. */
#ifndef MQTT_PARTS_H
#define MQTT_PARTS_H

#include <stddef.h>
#include <sys/uio.h>

/* Copies what stands at that byte of the packet; returns how much there was, up to max. */
size_t parts_peek(const struct iovec *parts, int count, size_t at, unsigned char *bytes,
                  size_t max);

/* The packet id of a PUBLISH; 0: it has none, being of QoS 0, or is no packet. */
int parts_publish_id(const struct iovec *parts, int count);

#endif
