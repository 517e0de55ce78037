/*
 * A broker for one client, on the wire: it does what its script says and remembers every packet.
 * It runs on a thread of its own, since a client may block while it connects; all functions may be
 * called from the test's thread. Calls fail the test when they cannot do their work.
 */
#ifndef FAKES_BROKER_H
#define FAKES_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BROKER_NEVER (-1)

enum broker_packet {
    BROKER_CONNECT = 1,
    BROKER_CONNACK = 2,
    BROKER_PUBLISH = 3,
    BROKER_PUBACK = 4,
    BROKER_SUBSCRIBE = 8,
    BROKER_SUBACK = 9,
    BROKER_UNSUBSCRIBE = 10,
    BROKER_UNSUBACK = 11,
    BROKER_PINGREQ = 12,
    BROKER_PINGRESP = 13,
    BROKER_DISCONNECT = 14,
    BROKER_PACKET_COUNT = 16
};

/* Zero is a broker that accepts everything. */
struct broker_script {
    int version; /* 3 or 5 */
    bool session_present;
    int connack_code;      /* BROKER_NEVER: no CONNACK at all */
    int receive_maximum;   /* 0: not said */
    int server_keep_alive; /* 0: not said */
    int suback_code;       /* 0: grants QoS 1; BROKER_NEVER: grants QoS 0 */
    const char *unwanted;  /* the filter that gets the suback_code; NULL: all of them */
    int filters_max;       /* hangs up on more in one packet; 0: takes any number */
    int puback_code;       /* of every PUBLISH; BROKER_NEVER: no PUBACK */
    bool no_pingresp;
    bool no_suback;
    int suback_ms;   /* after which it comes */
    int subacks;     /* hangs up on the SUBSCRIBE after so many of a connection; 0: on none */
    int queued;      /* QoS 1 messages sent together with the CONNACK, packet ids 1, 2, ... */
    int reset_after; /* resets the connection in the middle of the n-th PUBLISH; 0: never */
};

struct broker;

struct broker *broker_new(const struct broker_script *script);
void broker_free(struct broker *broker);
int broker_port(const struct broker *broker);

/* Takes effect for what comes from now on. */
void broker_rewrite(struct broker *broker, const struct broker_script *script);
void broker_stop_reading(struct broker *broker, bool is_stopped);
void broker_reset(struct broker *broker); /* TCP RST */

void broker_publish(struct broker *broker, const char *topic, const char *payload, int qos,
                    uint16_t packet_id);
void broker_send(struct broker *broker, const void *bytes, size_t n);

/* Packets of that type seen so far, on all connections; ids of the PUBACKs among them. */
size_t broker_count(struct broker *broker, enum broker_packet type);
size_t broker_pubacks(struct broker *broker, uint16_t *ret_ids, size_t max);
/* Filters in all the SUBSCRIBE or UNSUBSCRIBE packets. */
size_t broker_filters(struct broker *broker, enum broker_packet type);
/* The body of the last packet of that type; returns its length. */
size_t broker_last(struct broker *broker, enum broker_packet type, void *ret_body, size_t max);
bool broker_has_clean_end(struct broker *broker); /* the last connection ended with DISCONNECT */

#endif
