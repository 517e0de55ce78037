/*
 * The gate: the one place where Paho meets its socket.
 *
 * Paho acknowledges a message before the application has seen it, leaves Nagle's algorithm on, and
 * cannot be trusted with partial writes. It has no option for any of that, but every packet it
 * sends is exactly one writev, or one SSL_write. The linker's --wrap sends these calls, and the
 * others with which Paho touches its socket, through mqtt/wraps.c to here:
 *
 *   - PUBACK is held from the first byte of the connection on, until gate_release names it.
 *   - DISCONNECT is swallowed unless gate_say_goodbye allows it: Paho also sends it when it gives
 *     up on a broker, and it would cancel the last will.
 *   - Everything else goes to a bounded buffer and from there to the socket as it takes it. While
 *     Paho waits for an answer (gate_open or gate_wait, until gate_run) the buffer is written out
 *     at once.
 *   - What comes is read ahead: Paho asks for a byte, for a length byte by byte, for a body, and
 *     looks before each packet whether there is one; each would be a system call. (Over TLS
 *     OpenSSL does the same.)
 *
 * So Paho never sees a full socket, a partial write or a failed one. It is told to give up in one
 * way only: after gate_cut it reads the end of the stream.
 *
 * One connection at a time in a gate, all gates on one thread.
 */
#ifndef MQTT_GATE_H
#define MQTT_GATE_H

#include "base/buf.h"
#include "base/why.h"
#include "mqtt/broker_url.h"
#include "mqtt/held.h"
#include "mqtt/tap.h"

#include <openssl/ssl.h>
#include <poll.h>
#include <sys/uio.h>

#define GATE_AHEAD_BYTES 16384

struct gate {
    struct gate *next;            /* for mqtt/wraps.c: of those attached */
    const struct broker_url *url; /* the caller's: who it is to be, if by TLS */
    int fd;                       /* -1: none */
    SSL *ssl;                     /* NULL: none, or plain */
    size_t ssl_retry;             /* bytes OpenSSL wants to be given again; 0: none */
    bool is_secured;
    bool is_waiting;       /* Paho waits for an answer: write at once */
    bool has_sent_connect; /* the CONNECT came through here: the wraps work */
    bool may_say_goodbye;
    bool is_cut;
    bool is_broken;      /* the socket refused a write; what it has to read is still good */
    bool wants_write;    /* the socket was full */
    int connected_fd;    /* the socket that takes the place of Paho's; -1: none, or done */
    int connect_error;   /* errno of the socket, as Paho found it while it waited; 0: none */
    int64_t deadline_ms; /* while waiting */
    int64_t ping_ms;     /* when a PINGREQ was sent after which nothing was heard; 0: none */
    struct buf out;
    size_t out_sent; /* bytes at the front of out that are gone */
    size_t ahead_at; /* of ahead: what Paho has read */
    size_t ahead_n;
    char ahead[GATE_AHEAD_BYTES];
    struct held held;
    struct tap tap;
    struct why problem; /* why it was cut, broken or never connected; text "" if it was not */
};

/* What passes of publishes and their acknowledgements is told to the receipts. */
void gate_init(struct gate *gate, struct receipts *receipts);
void gate_fini(struct gate *gate);

/* Takes a socket over, which is connected and does not block: it takes the place of the next one
 * that Paho wants to connect. url must stay valid until gate_shut. */
void gate_open(struct gate *gate, const struct broker_url *url, int64_t deadline_ms,
               int connected_fd);
/* Paho waits for an answer from now on, until that time, after which it reads the end of the
 * stream, or until gate_run. */
void gate_wait(struct gate *gate, int64_t deadline_ms);
void gate_run(struct gate *gate);
/* Forgets the socket, which is Paho's to close, and all that was buffered or held. */
void gate_shut(struct gate *gate);
/* The first reason counts. */
void gate_cut(struct gate *gate, const char *format, ...) printf_like(2, 3);
void gate_say_goodbye(struct gate *gate, int64_t deadline_ms);

/* Writes what is buffered, as far as the socket takes it now. */
void gate_flush(struct gate *gate);
bool gate_wants_write(const struct gate *gate);
size_t gate_buffered(const struct gate *gate);

/* Lets the PUBACK go, as soon as those before it are gone too; false if none of that id is held. */
bool gate_release(struct gate *gate, uint16_t packet_id);

/* For mqtt/wraps.c: what Paho does with the gate's socket. */
bool gate_wants_socket(const struct gate *gate);
void gate_takes_socket(struct gate *gate, int fd);
void gate_takes_error(struct gate *gate, int error);
bool gate_takes_ssl(struct gate *gate, SSL *ssl);
void gate_takes_packet(struct gate *gate, const struct iovec *parts, int count);
void gate_hears(struct gate *gate, char *bytes, size_t n);
ssize_t gate_recv(struct gate *gate, char *bytes, size_t n, int flags); /* as recv(2) */
int gate_poll(struct gate *gate, struct pollfd *fd, int timeout_ms);    /* as poll(2) on this one */

#endif
