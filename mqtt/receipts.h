/*
 * Which publish the broker has acknowledged. Paho's synchronous mode has no callback for that; but
 * every packet passes the gate, and each PUBLISH says its packet id there, each PUBACK whose it is.
 */
#ifndef MQTT_RECEIPTS_H
#define MQTT_RECEIPTS_H

#include "mqtt/window.h"

struct receipt {
    uint64_t post_id;
    enum err err; /* ERR_NONE, or ERR_REFUSED */
};

struct receipts {
    struct window window;
    size_t count; /* not taken yet, oldest first */
    struct receipt list[LIMITS_PUBLISH_WINDOW];
};

void receipts_clear(struct receipts *receipts, size_t window_limit);
bool receipts_take(struct receipts *receipts, struct receipt *ret);

/* For the gate and its tap. The packet id is of the window's last slot, if that has none yet. */
void receipts_hear_publish(struct receipts *receipts, int packet_id);
/* The reason code is MQTT 5's, and 0 where there is none. */
void receipts_hear_puback(struct receipts *receipts, int packet_id, int reason);

#endif
