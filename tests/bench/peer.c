#include "tests/bench/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES   262144
#define BUFFER_MAX   ((size_t)1024 * 1024 * 1024)
#define CONNECT_US   5000000
#define US_PER_S     1000000
#define FAILURE_CODE 0x80

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "bench: %s: %s\n", what, detail);
    exit(1);
}

static void die_of_errno(const char *what)
{
    die(what, strerror(errno));
}

static void die_of_tls(const char *what)
{
    die(what, ERR_reason_error_string(ERR_peek_last_error()));
}

static void connect_socket(struct peer *peer, const struct peer_options *options)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)options->port)};
    if (inet_pton(AF_INET, options->host, &address.sin_addr) != 1)
        die("no IPv4 address", options->host);
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&address, sizeof address) != 0)
        die_of_errno("connect");
    if (setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) != 0)
        die_of_errno("TCP_NODELAY");
}

static void start_tls(struct peer *peer, const char *ca_file)
{
    peer->tls = SSL_CTX_new(TLS_client_method());
    if (peer->tls == NULL || SSL_CTX_load_verify_file(peer->tls, ca_file) != 1)
        die_of_tls("TLS");
    SSL_CTX_set_verify(peer->tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(peer->tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    peer->ssl = SSL_new(peer->tls);
    if (peer->ssl == NULL || SSL_set_fd(peer->ssl, peer->fd) != 1 || SSL_connect(peer->ssl) != 1)
        die_of_tls("TLS handshake");
}

/* Waits for the answer to what was sent, and insists on a yes. Messages that come before are of an
 * earlier subscription, and nobody's. */
static void expect(struct peer *peer, enum packet_type type, const char *what)
{
    struct packet packet = {0};
    struct packet_message message;
    while (packet.type != type) {
        if (!peer_next(peer, &packet))
            peer_exchange(peer, CONNECT_US);
        else if (packet_message(&packet, peer->version, &message) && message.id != 0)
            packet_puback(&peer->out, message.id);
    }
    int code = packet_code(&packet, peer->version);
    if (code < 0 || code >= FAILURE_CODE)
        die(what, "refused by the broker");
}

void peer_open(struct peer *peer, const struct peer_options *options)
{
    *peer = (struct peer){.version = options->version};
    buf_init(&peer->in, BUFFER_MAX);
    buf_init(&peer->out, BUFFER_MAX);
    connect_socket(peer, options);
    if (options->ca_file != NULL)
        start_tls(peer, options->ca_file);
    if (fcntl(peer->fd, F_SETFL, O_NONBLOCK) != 0)
        die_of_errno("O_NONBLOCK");
    packet_connect(&peer->out, peer->version, options->client_id);
    expect(peer, PACKET_CONNACK, "CONNECT");
}

void peer_subscribe(struct peer *peer, const char *filter)
{
    packet_subscribe(&peer->out, peer->version, peer_next_id(peer), filter);
    expect(peer, PACKET_SUBACK, filter);
}

void peer_close(struct peer *peer)
{
    SSL_free(peer->ssl);
    SSL_CTX_free(peer->tls);
    close(peer->fd);
    buf_fini(&peer->in);
    buf_fini(&peer->out);
}

uint16_t peer_next_id(struct peer *peer)
{
    peer->last_id = (uint16_t)(peer->last_id == UINT16_MAX ? 1 : peer->last_id + 1);
    return peer->last_id;
}

bool peer_next(struct peer *peer, struct packet *ret)
{
    struct str all = buf_str(&peer->in);
    struct str rest = {all.p + peer->taken, all.n - peer->taken};
    if (!packet_cut(&rest, ret))
        return false;
    peer->taken = all.n - rest.n;
    return true;
}

/* Bytes moved, or 0 if the socket has to be waited for. */
static size_t tls_result(struct peer *peer, int n)
{
    if (n > 0)
        return (size_t)n;
    int problem = SSL_get_error(peer->ssl, n);
    if (problem != SSL_ERROR_WANT_READ && problem != SSL_ERROR_WANT_WRITE)
        die("connection", "ended by the broker");
    return 0;
}

static size_t plain_result(ssize_t n)
{
    if (n > 0)
        return (size_t)n;
    if (n == 0)
        die("connection", "ended by the broker");
    if (errno != EAGAIN && errno != EINTR)
        die_of_errno("connection");
    return 0;
}

static void flush(struct peer *peer)
{
    struct str left = buf_str(&peer->out);
    size_t moved = 1;
    while (left.n > 0 && moved > 0) {
        int some = left.n < READ_BYTES ? (int)left.n : READ_BYTES;
        moved = peer->ssl != NULL
                    ? tls_result(peer, SSL_write(peer->ssl, left.p, some))
                    : plain_result(send(peer->fd, left.p, (size_t)some, MSG_NOSIGNAL));
        left = (struct str){left.p + moved, left.n - moved};
    }
    buf_drop_front(&peer->out, peer->out.n - left.n);
}

static void fill(struct peer *peer)
{
    buf_drop_front(&peer->in, peer->taken);
    peer->taken = 0;
    size_t moved = 1;
    for (size_t sum = 0; moved > 0 && sum < READ_BYTES; sum += moved) {
        char *room = buf_reserve(&peer->in, READ_BYTES);
        if (room == NULL)
            die("memory", err_name(buf_err(&peer->in)));
        moved = peer->ssl != NULL ? tls_result(peer, SSL_read(peer->ssl, room, READ_BYTES))
                                  : plain_result(recv(peer->fd, room, READ_BYTES, 0));
        buf_added(&peer->in, moved);
        if (peer->ssl == NULL)
            return; /* one call takes all there is, or a buffer full */
    }
}

static void wait_for(struct peer *peer, int64_t timeout_us)
{
    struct pollfd fd = {.fd = peer->fd, .events = POLLIN};
    if (peer->out.n > 0)
        fd.events |= POLLOUT;
    struct timespec timeout = {.tv_sec = timeout_us / US_PER_S,
                               .tv_nsec = timeout_us % US_PER_S * 1000};
    if (ppoll(&fd, 1, timeout_us < 0 ? NULL : &timeout, NULL) < 0 && errno != EINTR)
        die_of_errno("poll");
}

void peer_exchange(struct peer *peer, int64_t timeout_us)
{
    if (buf_err(&peer->out) != ERR_NONE)
        die("memory", err_name(buf_err(&peer->out)));
    flush(peer);
    if (peer->ssl == NULL || SSL_pending(peer->ssl) == 0)
        wait_for(peer, timeout_us);
    fill(peer);
}
