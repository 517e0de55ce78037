/*
 * The few MQTT packets that the benchmark's tools exchange with a broker, in 3.1.1 and 5, written
 * and read without a library, so that what is measured is the broker and not a client.
 */
#ifndef BENCH_PACKET_H
#define BENCH_PACKET_H

#include "base/buf.h"

enum packet_type {
    PACKET_CONNECT = 1,
    PACKET_CONNACK = 2,
    PACKET_PUBLISH = 3,
    PACKET_PUBACK = 4,
    PACKET_SUBSCRIBE = 8,
    PACKET_SUBACK = 9
};

struct packet {
    enum packet_type type;
    unsigned flags;
    struct str body; /* behind the fixed header */
};

struct packet_message {
    uint16_t id; /* 0: QoS 0 */
    struct str topic;
    struct str payload;
};

/* Cuts the first packet off *bytes; false if it is not whole yet. */
nodiscard bool packet_cut(struct str *bytes, struct packet *ret);

/* A PUBLISH. False if it is none, or is cut short. */
nodiscard bool packet_message(const struct packet *packet, int version, struct packet_message *ret);

/* The reason or return code of a CONNACK, SUBACK or PUBACK; -1: cut short. */
int packet_code(const struct packet *packet, int version);

/* version: 3 (3.1.1) or 5. A clean session without keep-alive. */
void packet_connect(struct buf *out, int version, const char *client_id);
void packet_subscribe(struct buf *out, int version, uint16_t id, const char *filter);
void packet_publish(struct buf *out, int version, const struct packet_message *message);
void packet_puback(struct buf *out, uint16_t id);

#endif
