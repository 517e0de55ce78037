/*
 * Listens to the bytes Paho reads and picks out what Paho keeps to itself: that anything came at
 * all, and the reason code of an MQTT 5 DISCONNECT, which its synchronous mode throws away.
 */
#ifndef MQTT_TAP_H
#define MQTT_TAP_H

#include "base/str.h"

#define TAP_NO_REASON (-1)

struct tap {
    uint64_t bytes; /* heard so far */
    int disconnect_reason;

    enum { TAP_HEAD, TAP_LENGTH, TAP_BODY } part; /* of the packet in progress */
    unsigned char type;                           /* the packet's first byte */
    unsigned shift;
    uint32_t left;
};

void tap_init(struct tap *tap);
void tap_hear(struct tap *tap, struct str bytes);

#endif
