/*
 * One connection to a broker, for the benchmark's tools: non-blocking, plain or TLS, with what came
 * in one buffer and what is to go in another. Whatever goes wrong ends the program with a message.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "tests/bench/packet.h"

#include <openssl/ssl.h>

struct peer_options {
    const char *host;
    int port;
    const char *ca_file; /* NULL: plain TCP; otherwise TLS */
    int version;         /* 3 (3.1.1) or 5 */
    const char *client_id;
};

struct peer {
    int fd;
    int version;
    SSL_CTX *tls;
    SSL *ssl; /* NULL: plain */
    struct buf in;
    size_t taken; /* bytes of in that peer_next has handed out */
    struct buf out;
    uint16_t last_id;
};

/* Connects; blocks until the broker has said yes. */
void peer_open(struct peer *peer, const struct peer_options *options);
void peer_subscribe(struct peer *peer, const char *filter); /* likewise */
void peer_close(struct peer *peer);

/* A packet id for the next QoS 1 message. With 65,535 of them none may be under way for longer. */
uint16_t peer_next_id(struct peer *peer);

/* The next packet that is there; its views live until the next peer_exchange. */
nodiscard bool peer_next(struct peer *peer, struct packet *ret);

/* Sends what is in peer->out as far as it goes, waits until something comes, at most timeout_us
 * (-1: for ever), and reads it. */
void peer_exchange(struct peer *peer, int64_t timeout_us);

#endif
