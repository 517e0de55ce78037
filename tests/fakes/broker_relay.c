#include "tests/fakes/broker_relay.h"

#include "tests/fakes/broker_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK      65536
#define SMALL      4096 /* socket buffers: the client is to feel it soon */
#define PAUSE_MS   1
#define PATIENCE_S 5 /* with a client that says nothing in the TLS handshake */

struct broker_relay {
    int port;
    int to_port;
    int listen_fd;
    SSL_CTX *tls;  /* NULL: plain */
    int client_fd; /* -1: none */
    SSL *ssl;      /* NULL: none, or plain */
    int broker_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    bool is_ending;
    bool wants_reset;
    size_t throttle;
};

static void check(bool is_fine, const char *what)
{
    if (is_fine)
        return;
    perror(what);
    abort();
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((unsigned short)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static void set(int fd, int level, int option, int value)
{
    check(setsockopt(fd, level, option, &value, sizeof value) == 0, "setsockopt");
}

static void hang_up(struct broker_relay *relay)
{
    if (relay->client_fd < 0)
        return;
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(relay->client_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    SSL_free(relay->ssl);
    relay->ssl = NULL;
    close(relay->client_fd);
    close(relay->broker_fd);
    relay->client_fd = relay->broker_fd = -1;
}

static void begin_tls(struct broker_relay *relay)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};
    setsockopt(relay->client_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    relay->ssl = SSL_new(relay->tls);
    check(relay->ssl != NULL && SSL_set_fd(relay->ssl, relay->client_fd) == 1, "TLS");
    if (SSL_accept(relay->ssl) != 1)
        hang_up(relay);
}

static void take_client(struct broker_relay *relay)
{
    hang_up(relay);
    relay->client_fd = accept4(relay->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    relay->broker_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(relay->client_fd >= 0 && relay->broker_fd >= 0, "accept");
    struct sockaddr_in address = loopback(relay->to_port);
    check(connect(relay->broker_fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    set(relay->client_fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(relay->broker_fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (relay->tls != NULL)
        begin_tls(relay);
}

static bool pass_on(struct broker_relay *relay, size_t max)
{
    char bytes[CHUNK];
    max = max < CHUNK ? max : CHUNK;
    ssize_t n = relay->ssl != NULL ? SSL_read(relay->ssl, bytes, (int)max)
                                   : recv(relay->client_fd, bytes, max, MSG_DONTWAIT);
    return n > 0 && send(relay->broker_fd, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool pass_back(struct broker_relay *relay)
{
    char bytes[CHUNK];
    ssize_t n = recv(relay->broker_fd, bytes, CHUNK, MSG_DONTWAIT);
    if (n > 0 && relay->ssl != NULL)
        return SSL_write(relay->ssl, bytes, (int)n) == n;
    return n > 0 && send(relay->client_fd, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

/* One round without the lock, on what the state was. */
static void relay_once(struct broker_relay *relay, size_t throttle)
{
    struct pollfd fds[] = {
        {.fd = relay->listen_fd, .events = POLLIN},
        {.fd = throttle > 0 ? relay->client_fd : -1, .events = POLLIN},
        {.fd = relay->broker_fd, .events = POLLIN},
    };
    bool has_more = throttle > 0 && relay->ssl != NULL && SSL_pending(relay->ssl) > 0;
    poll(fds, 3, has_more ? 0 : PAUSE_MS);
    bool is_fine = true;
    if (fds[1].revents != 0 || has_more)
        is_fine = pass_on(relay, throttle);
    if (is_fine && fds[2].revents != 0)
        is_fine = pass_back(relay);
    if (!is_fine)
        hang_up(relay);
    if (fds[0].revents != 0)
        take_client(relay);
    if (throttle < CHUNK)
        usleep(PAUSE_MS * 1000);
}

static void *serve(void *context)
{
    struct broker_relay *relay = context;
    pthread_mutex_lock(&relay->lock);
    while (!relay->is_ending) {
        size_t throttle = relay->throttle;
        if (relay->wants_reset)
            hang_up(relay);
        relay->wants_reset = false;
        pthread_mutex_unlock(&relay->lock);
        relay_once(relay, throttle);
        pthread_mutex_lock(&relay->lock);
    }
    pthread_mutex_unlock(&relay->lock);
    hang_up(relay);
    return NULL;
}

static SSL_CTX *tls_of(const char *dir)
{
    char certificate[128];
    char key[128];
    snprintf(certificate, sizeof certificate, "%s/server.pem", dir);
    snprintf(key, sizeof key, "%s/server.key", dir);
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    check(tls != NULL && SSL_CTX_use_certificate_file(tls, certificate, SSL_FILETYPE_PEM) == 1 &&
              SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1,
          "TLS");
    return tls;
}

static struct broker_relay *start(int to_port, SSL_CTX *tls)
{
    struct broker_relay *relay = calloc(1, sizeof *relay);
    check(relay != NULL, "calloc");
    relay->to_port = to_port;
    relay->tls = tls;
    relay->throttle = CHUNK;
    relay->client_fd = relay->broker_fd = -1;
    relay->port = broker_process_free_port();
    relay->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    set(relay->listen_fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set(relay->listen_fd, SOL_SOCKET, SO_RCVBUF, SMALL);
    struct sockaddr_in address = loopback(relay->port);
    check(bind(relay->listen_fd, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(relay->listen_fd, 4) == 0,
          "listen");
    pthread_mutex_init(&relay->lock, NULL);
    check(pthread_create(&relay->thread, NULL, serve, relay) == 0, "thread");
    return relay;
}

struct broker_relay *broker_relay_new(int to_port)
{
    return start(to_port, NULL);
}

struct broker_relay *broker_relay_new_tls(int to_port, const char *dir)
{
    return start(to_port, tls_of(dir));
}

void broker_relay_free(struct broker_relay *relay)
{
    pthread_mutex_lock(&relay->lock);
    relay->is_ending = true;
    pthread_mutex_unlock(&relay->lock);
    pthread_join(relay->thread, NULL);
    pthread_mutex_destroy(&relay->lock);
    close(relay->listen_fd);
    SSL_CTX_free(relay->tls);
    free(relay);
}

int broker_relay_port(const struct broker_relay *relay)
{
    return relay->port;
}

void broker_relay_throttle(struct broker_relay *relay, size_t bytes)
{
    pthread_mutex_lock(&relay->lock);
    relay->throttle = bytes;
    pthread_mutex_unlock(&relay->lock);
}

void broker_relay_reset(struct broker_relay *relay)
{
    pthread_mutex_lock(&relay->lock);
    relay->wants_reset = true;
    pthread_mutex_unlock(&relay->lock);
}
