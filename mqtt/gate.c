#include "mqtt/gate.h"

#include "base/limits.h"
#include "base/now.h"
#include "mqtt/parts.h"
#include "mqtt/secure.h"
#include "mqtt/wraps.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum packet_type {
    CONNECT = 0x10,
    PUBLISH = 0x30,
    PUBACK = 0x40,
    PUBREC = 0x50,
    PUBCOMP = 0x70,
    PINGREQ = 0xc0,
    PINGRESP = 0xd0,
    DISCONNECT = 0xe0,
};

#define PUBACK_BYTES 4              /* without reason code and properties, as Paho sends it */
#define RECORD_BYTES 16384          /* the largest TLS record */
#define KEEP_BYTES   (256UL * 1024) /* of memory, once the buffer is empty */

void gate_init(struct gate *gate, struct receipts *receipts)
{
    *gate = (struct gate){.fd = -1, .connected_fd = -1};
    buf_init(&gate->out, LIMITS_OUT_BYTES);
    held_init(&gate->held);
    tap_init(&gate->tap, receipts);
}

void gate_fini(struct gate *gate)
{
    buf_fini(&gate->out);
    held_fini(&gate->held);
}

void gate_shut(struct gate *gate)
{
    struct buf out = gate->out;
    struct held held = gate->held;
    struct receipts *receipts = gate->tap.receipts;
    if (gate->connected_fd >= 0)
        close(gate->connected_fd);
    buf_clear(&out);
    if (out.capacity > KEEP_BYTES)
        buf_fini(&out);
    held_clear(&held);
    *gate = (struct gate){
        .next = gate->next,
        .fd = -1,
        .connected_fd = -1,
        .out = out,
        .held = held,
        .problem = gate->problem,
    };
    tap_init(&gate->tap, receipts);
}

void gate_open(struct gate *gate, const struct broker_url *url, int64_t deadline_ms,
               int connected_fd)
{
    gate_shut(gate);
    gate->problem = (struct why){0};
    gate->url = url;
    gate->connected_fd = connected_fd;
    gate_wait(gate, deadline_ms);
}

void gate_wait(struct gate *gate, int64_t deadline_ms)
{
    gate->is_waiting = true;
    gate->deadline_ms = deadline_ms;
}

void gate_run(struct gate *gate)
{
    gate->is_waiting = false;
}

void gate_cut(struct gate *gate, const char *format, ...)
{
    gate->is_cut = true;
    buf_clear(&gate->out);
    gate->out_sent = 0;
    if (gate->problem.text[0] != '\0')
        return;
    char text[WHY_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    why_set(&gate->problem, ERR_DOWN, NULL, "%s", text);
}

size_t gate_buffered(const struct gate *gate)
{
    return gate->out.n - gate->out_sent;
}

bool gate_wants_write(const struct gate *gate)
{
    return gate->wants_write && gate_buffered(gate) > 0;
}

static void breaks(struct gate *gate, const char *reason)
{
    if (gate->problem.text[0] == '\0')
        why_set(&gate->problem, ERR_DOWN, NULL, "connection lost: %s", reason);
    gate->is_broken = true;
    buf_clear(&gate->out);
    gate->out_sent = 0;
}

/* Bytes the socket took; 0 when it takes none now or is broken. */
static size_t write_plain(struct gate *gate, struct str bytes)
{
    ssize_t n;
    do
        n = send(gate->fd, bytes.p, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return (size_t)n;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        gate->wants_write = true;
    else
        breaks(gate, strerror(errno));
    return 0;
}

/* A broker that hangs up may have said why. */
static void breaks_tls(struct gate *gate)
{
    char byte;
    ERR_clear_error();
    secure_alert(gate->ssl, SSL_peek(gate->ssl, &byte, sizeof byte), &gate->problem);
    breaks(gate, "TLS write failed");
}

static size_t write_tls(struct gate *gate, struct str bytes)
{
    size_t n = bytes.n < RECORD_BYTES ? bytes.n : RECORD_BYTES;
    if (gate->ssl_retry > 0)
        n = gate->ssl_retry;
    assert(n <= bytes.n);
    ERR_clear_error();
    int rc = wraps_ssl_write(gate->ssl, bytes.p, (int)n);
    if (rc > 0) {
        gate->ssl_retry = 0;
        return (size_t)rc;
    }
    int error = SSL_get_error(gate->ssl, rc);
    gate->ssl_retry = n;
    if (error == SSL_ERROR_WANT_WRITE)
        gate->wants_write = true;
    else if (error != SSL_ERROR_WANT_READ)
        breaks_tls(gate);
    ERR_clear_error();
    return 0;
}

void gate_flush(struct gate *gate)
{
    gate->wants_write = false;
    while (gate->fd >= 0 && !gate->is_broken && gate_buffered(gate) > 0) {
        struct str rest = {gate->out.p + gate->out_sent, gate_buffered(gate)};
        size_t n = gate->ssl != NULL ? write_tls(gate, rest) : write_plain(gate, rest);
        if (n == 0)
            break;
        gate->out_sent += n;
    }
    if (gate_buffered(gate) > 0 || gate->out_sent == 0)
        return;
    buf_clear(&gate->out);
    gate->out_sent = 0;
    if (gate->out.capacity > KEEP_BYTES)
        buf_fini(&gate->out);
}

/* Until the buffer is empty; cuts at the deadline. */
static void flush_all(struct gate *gate)
{
    for (;;) {
        gate_flush(gate);
        if (gate->is_broken)
            gate_cut(gate, "connection lost");
        if (gate_buffered(gate) == 0)
            return;
        int64_t left_ms = gate->deadline_ms - now_mono_ms();
        if (left_ms <= 0) {
            gate_cut(gate, "the broker takes no data");
            return;
        }
        short events = gate->wants_write ? POLLOUT : POLLIN;
        struct pollfd fd = {.fd = gate->fd, .events = events};
        wraps_poll(&fd, 1, (int)left_ms);
    }
}

void gate_say_goodbye(struct gate *gate, int64_t deadline_ms)
{
    gate->may_say_goodbye = true;
    gate_wait(gate, deadline_ms);
}

bool gate_release(struct gate *gate, uint16_t packet_id)
{
    if (gate->is_cut || gate->is_broken || !held_release(&gate->held, packet_id))
        return false;
    uint16_t id;
    while (held_take(&gate->held, &id)) {
        char puback[PUBACK_BYTES] = {PUBACK, PUBACK_BYTES - 2, (char)(id >> 8), (char)(id & 0xff)};
        buf_add(&gate->out, (struct str){puback, sizeof puback});
    }
    if (buf_err(&gate->out) != ERR_NONE)
        gate_cut(gate, "no room for an acknowledgement");
    return true;
}

bool gate_wants_socket(const struct gate *gate)
{
    return gate->connected_fd >= 0;
}

/* Under Paho's number for its own. */
void gate_takes_socket(struct gate *gate, int fd)
{
    int on = 1;
    gate->fd = fd;
    if (dup3(gate->connected_fd, fd, O_CLOEXEC) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        gate_cut(gate, "the socket could not be set up: %s", strerror(errno));
    close(gate->connected_fd);
    gate->connected_fd = -1;
}

void gate_takes_error(struct gate *gate, int error)
{
    if (gate->connect_error == 0)
        gate->connect_error = error;
}

bool gate_takes_ssl(struct gate *gate, SSL *ssl)
{
    if (!gate->is_secured && secure_prepare(ssl, gate->url, &gate->problem) != ERR_NONE)
        gate->is_cut = true;
    gate->is_secured = true;
    gate->ssl = ssl;
    return !gate->is_cut;
}

static void hold(struct gate *gate, const unsigned char *puback, size_t n)
{
    if (n < PUBACK_BYTES || puback[1] < 2) {
        gate_cut(gate, "a PUBACK was not one");
        return;
    }
    uint16_t id = (uint16_t)(puback[2] << 8 | puback[3]);
    if (held_add(&gate->held, id) != ERR_NONE)
        gate_cut(gate, "too many messages are not acknowledged yet");
}

static void append(struct gate *gate, const struct iovec *parts, int count)
{
    if (gate->out_sent > gate->out.n / 2) {
        buf_drop_front(&gate->out, gate->out_sent);
        gate->out_sent = 0;
    }
    for (int i = 0; i < count; i++)
        buf_add(&gate->out, (struct str){parts[i].iov_base, parts[i].iov_len});
    if (buf_err(&gate->out) != ERR_NONE)
        gate_cut(gate, "no room for a packet");
    else if (gate->is_waiting)
        flush_all(gate);
}

/* It carries the password: in one piece, since a buffer that grows leaves a copy behind, and wiped
 * once it is out. */
static void append_connect(struct gate *gate, const struct iovec *parts, int count)
{
    size_t n = 0;
    for (int i = 0; i < count; i++)
        n += parts[i].iov_len;
    if (buf_reserve(&gate->out, n) == NULL) {
        gate_cut(gate, "no room for a packet");
        return;
    }
    append(gate, parts, count);
    if (gate_buffered(gate) == 0 && gate->out.p != NULL)
        explicit_bzero(gate->out.p, gate->out.capacity);
}

/* After a DISCONNECT Paho closes the socket, whose number may then be anybody's. */
static void leave(struct gate *gate)
{
    gate->fd = -1;
    gate->ssl = NULL;
    gate->is_cut = true;
    buf_clear(&gate->out);
    gate->out_sent = 0;
}

void gate_takes_packet(struct gate *gate, const struct iovec *parts, int count)
{
    unsigned char head[PUBACK_BYTES] = {0};
    size_t n = parts_peek(parts, count, 0, head, sizeof head);
    if (gate->is_cut || gate->is_broken)
        return;
    switch (head[0] & 0xf0) {
    case PUBACK:
        hold(gate, head, n);
        return;
    case PUBREC:
    case PUBCOMP:
        /* Subscribed at QoS 1. Passing these on would acknowledge what nobody has stored. */
        gate_cut(gate, "the broker sent a message at QoS 2, which is not supported");
        return;
    case DISCONNECT:
        if (gate->may_say_goodbye)
            append(gate, parts, count);
        leave(gate);
        return;
    case CONNECT:
        gate->has_sent_connect = true;
        append_connect(gate, parts, count);
        return;
    case PUBLISH:
        receipts_hear_publish(gate->tap.receipts, parts_publish_id(parts, count));
        break;
    case PINGREQ:
        if (gate->ping_ms == 0)
            gate->ping_ms = now_mono_ms();
        break;
    default:
        break;
    }
    append(gate, parts, count);
}

/* Paho's synchronous mode leaks a DISCONNECT, which is the last packet of a broker, and does not
 * act on it. It reads the first byte of a packet alone: made a PINGRESP, it does no harm. */
void gate_hears(struct gate *gate, char *bytes, size_t n)
{
    bool is_first = n == 1 && gate->tap.part == TAP_TYPE;
    tap_hear(&gate->tap, (struct str){bytes, n});
    gate->ping_ms = 0;
    if (is_first && ((unsigned char)bytes[0] & 0xf0) == DISCONNECT)
        bytes[0] = (char)PINGRESP;
}

ssize_t gate_recv(struct gate *gate, char *bytes, size_t n, int flags)
{
    if (gate->is_cut)
        return 0;
    if (n == 0) /* so Paho closes a socket, one with TLS too */
        return wraps_recv(gate->fd, bytes, n, flags);
    if (gate->ahead_at == gate->ahead_n) {
        ssize_t got = wraps_recv(gate->fd, gate->ahead, sizeof gate->ahead, flags);
        if (got <= 0)
            return got;
        gate->ahead_at = 0;
        gate->ahead_n = (size_t)got;
    }
    size_t left = gate->ahead_n - gate->ahead_at;
    n = n < left ? n : left;
    memcpy(bytes, gate->ahead + gate->ahead_at, n);
    gate->ahead_at += n;
    gate_hears(gate, bytes, n);
    return (ssize_t)n;
}

/* Taken from the socket, which therefore does not know of it. */
static bool has_more_to_read(const struct gate *gate)
{
    return gate->ahead_at < gate->ahead_n || (gate->ssl != NULL && SSL_pending(gate->ssl) > 0);
}

int gate_poll(struct gate *gate, struct pollfd *fd, int timeout_ms)
{
    if (gate->is_waiting && !gate->is_cut && now_mono_ms() >= gate->deadline_ms)
        gate_cut(gate, "no answer in time");
    fd->revents = 0;
    if (gate->is_cut)
        fd->revents = POLLHUP;
    else if (!gate->has_sent_connect)
        /* Paho asks for POLLOUT and then waits for POLLIN, which no broker gives before it has
         * seen a CONNECT, or the start of TLS: a tenth of a second lost. */
        return wraps_poll(fd, 1, gate->ssl != NULL ? timeout_ms : 0);
    else if ((fd->events & POLLOUT) != 0)
        fd->revents = POLLOUT; /* the buffer takes it */
    else if (has_more_to_read(gate))
        fd->revents = POLLIN;
    return fd->revents != 0 ? 1 : wraps_poll(fd, 1, timeout_ms);
}
