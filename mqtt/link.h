/*
 * One connection to the broker at a time, and the Paho handle that goes with it. Every connection
 * gets a fresh handle: nothing Paho remembers of the last one may reach the next. Nothing it or the
 * broker says of a session that is present is relied on: what matters is in the journal.
 */
#ifndef MQTT_LINK_H
#define MQTT_LINK_H

#include "mqtt/gate.h"
#include "mqtt/receipts.h"
#include "mqtt/setup.h"

#include <MQTTClient.h>

struct link {
    const struct setup *setup;
    MQTTClient handle; /* NULL: none */
    struct gate gate;
    struct receipts receipts;
    uint64_t generation;    /* counts connections: makes tickets of earlier ones void */
    uint64_t qos1_arrivals; /* handed out on this connection */
    size_t granted;         /* filters subscribed so far on this connection */
    size_t dropped;         /* stale filters unsubscribed so far */
    int keep_alive_s;       /* ours, or the broker's if it asked for less */
    size_t packet_max;      /* the largest packet the broker takes */
    struct buf topic;       /* Paho wants it NUL terminated */
};

struct link_message {
    uint64_t post_id;
    struct str topic;
    struct str payload;
    struct str correlation;
    struct trace trace; /* MQTT 5 only */
    bool is_retained;
    bool is_own; /* no receipt is wanted */
};

/* What one step of link_pull brought; topic is NULL when it was no message. */
struct link_pulled {
    char *topic;
    size_t topic_n;
    MQTTClient_message *message;
};

void link_init(struct link *link, const struct setup *setup); /* must not move until link_fini */
void link_fini(struct link *link);

void link_close(struct link *link);

/* Around calls of Paho that may read or wait: nothing of other links is touched meanwhile. */
void link_enter(struct link *link);
void link_leave(void);

bool link_is_connected(const struct link *link);
enum err link_why_lost(const struct link *link, struct why *why); /* before link_close: ERR_DOWN */

/* ERR_INVALID: it can never be sent; ERR_FULL: the window is full; ERR_DOWN: there is no link. */
nodiscard enum err link_publish(struct link *link, const struct link_message *message);

/* Lets Paho handle one packet; false when there was nothing to do. */
bool link_pull(struct link *link, struct link_pulled *ret);
void link_pulled_free(struct link_pulled *pulled);
void link_arrival(const struct link *link, const struct link_pulled *pulled,
                  struct arrival *ret_arrival);

/* Lets acknowledgements come in until as many publishes are on their way as said, or time is up.
 * Messages that come in are dropped without an acknowledgement: the broker keeps them. */
void link_settle(struct link *link, size_t on_their_way, int64_t deadline_ms);

void link_acknowledge(struct link *link, uint64_t ticket);

/* When nothing is left to pull: whether every message Paho acknowledged was handed out. */
bool link_is_balanced(const struct link *link);
bool link_is_silent(const struct link *link, int64_t now_ms); /* the broker does not answer pings */

#endif
