/*
 * Which publish the broker has acknowledged. Paho's synchronous mode has no callback for that, but
 * its persistence plug-in is told: "put" of a message on the way out, with its packet id, and
 * "remove" once it is acknowledged. This plug-in keeps nothing; it only listens. The reason code of
 * an MQTT 5 PUBACK comes through receipts_on_published, before the "remove".
 *
 * Paho calls all of it with its lock held: nothing here may call Paho.
 */
#ifndef MQTT_RECEIPTS_H
#define MQTT_RECEIPTS_H

#include "mqtt/window.h"

#include <MQTTClient.h>
#include <MQTTClientPersistence.h>

struct receipt {
    uint64_t post_id;
    enum err err; /* ERR_NONE, or ERR_REFUSED */
};

struct receipts {
    MQTTClient_persistence plug;
    struct window window;
    bool is_publishing; /* the next "put" is about the window's last slot */
    size_t count;       /* not taken yet, oldest first */
    struct receipt list[LIMITS_PUBLISH_WINDOW];
};

void receipts_init(struct receipts *receipts); /* must not move afterwards */
void receipts_clear(struct receipts *receipts, size_t window_limit);
bool receipts_take(struct receipts *receipts, struct receipt *ret);

MQTTClient_published receipts_on_published;

#endif
