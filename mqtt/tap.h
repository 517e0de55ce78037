/*
 * Listens to the bytes Paho reads and picks out what Paho keeps to itself: that anything came at
 * all, the acknowledgement of a publish, and the reason code of an MQTT 5 DISCONNECT, which its
 * synchronous mode throws away.
 */
#ifndef MQTT_TAP_H
#define MQTT_TAP_H

#include "base/str.h"
#include "mqtt/receipts.h"

#define TAP_NO_REASON  (-1)
#define TAP_HEAD_BYTES 3 /* of a body: the packet id and the reason code of a PUBACK */

struct tap {
    struct receipts *receipts; /* who is told of a PUBACK */
    uint64_t bytes;            /* heard so far */
    int disconnect_reason;

    enum { TAP_TYPE, TAP_LENGTH, TAP_BODY } part; /* of the packet in progress */
    unsigned char type;                           /* the packet's first byte */
    unsigned shift;
    uint32_t left;
    unsigned char head[TAP_HEAD_BYTES]; /* how the body begins, zeros behind its end */
    size_t head_n;
};

void tap_init(struct tap *tap, struct receipts *receipts);
void tap_hear(struct tap *tap, struct str bytes);

#endif
