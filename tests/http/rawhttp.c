#include "tests/http/rawhttp.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 10000

struct rawhttp_server {
    int fd;
    int stop_pipe[2];
    unsigned port;
    struct rawhttp_step *steps;
    size_t count;
    atomic_uint connections;
    pthread_t thread;
    char request[RAWHTTP_BYTES]; /* as it comes in; the thread's own */
    pthread_mutex_t lock;
    char last_request[RAWHTTP_BYTES];
    char requests[RAWHTTP_BYTES];
    size_t requests_n;
};

static int loopback_socket(bool listens, unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)*port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0);
    if (!listens) {
        assert(connect(fd, (struct sockaddr *)&address, n) == 0);
        return fd;
    }
    assert(bind(fd, (struct sockaddr *)&address, n) == 0);
    assert(getsockname(fd, (struct sockaddr *)&address, &n) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static bool is_ready(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, PATIENCE_MS) == 1;
}

static void send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the peer has hung up, which is what some tests want */
        bytes += sent;
        n -= (size_t)sent;
    }
}

int rawhttp_exchange(unsigned port, const char *request, size_t n, char ret_text[RAWHTTP_BYTES])
{
    int fd = loopback_socket(false, &port);
    send_all(fd, request, n);
    size_t at = 0;
    while (at + 1 < RAWHTTP_BYTES && is_ready(fd)) {
        ssize_t got = recv(fd, ret_text + at, RAWHTTP_BYTES - 1 - at, 0);
        if (got <= 0)
            break;
        at += (size_t)got;
    }
    close(fd);
    ret_text[at] = '\0';
    int64_t status = 0;
    if (at > 12 && memcmp(ret_text, "HTTP/1.1 ", 9) == 0)
        assert(str_to_int((struct str){ret_text + 9, 3}, 100, 599, &status));
    return (int)status;
}

/* Headers and as much body as Content-Length says. */
static bool is_whole(const char *request, size_t n)
{
    const char *end = strstr(request, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *length = strcasestr(request, "\r\nContent-Length: ");
    int64_t body = 0;
    if (length != NULL && length < end) {
        length += strlen("\r\nContent-Length: ");
        struct str digits = {length, strcspn(length, "\r")};
        assert(str_to_int(digits, 0, RAWHTTP_BYTES, &body));
    }
    return n >= (size_t)(end - request) + 4 + (size_t)body;
}

/* False when the test is over or the peer has gone. */
static bool wait_for(const struct rawhttp_server *server, int fd, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = server->stop_pipe[0], .events = POLLIN},
                           {.fd = fd, .events = POLLIN}};
    return poll(fds, fd >= 0 ? 2 : 1, timeout_ms) >= 0 && fds[0].revents == 0;
}

static bool read_request(struct rawhttp_server *server, int fd)
{
    size_t at = 0;
    do {
        if (!wait_for(server, fd, -1))
            return false;
        ssize_t got = recv(fd, server->request + at, sizeof server->request - 1 - at, 0);
        if (got <= 0)
            return false;
        at += (size_t)got;
        server->request[at] = '\0';
    } while (!is_whole(server->request, at));
    pthread_mutex_lock(&server->lock);
    memcpy(server->last_request, server->request, at + 1);
    if (server->requests_n + at < sizeof server->requests) {
        memcpy(server->requests + server->requests_n, server->request, at + 1);
        server->requests_n += at;
    }
    pthread_mutex_unlock(&server->lock);
    return true;
}

/* Serves steps on one connection; returns the next step. */
static size_t serve_connection(struct rawhttp_server *server, int fd, size_t step)
{
    while (step < server->count && read_request(server, fd)) {
        const struct rawhttp_step *now = &server->steps[step++];
        if (now->delay_ms > 0 && !wait_for(server, -1, (int)now->delay_ms))
            break;
        if (now->answer != NULL)
            send_all(fd, now->answer, strlen(now->answer));
        if (!now->keep_alive)
            break;
    }
    return step;
}

static void *serve(void *context)
{
    struct rawhttp_server *server = context;
    size_t step = 0;
    while (step < server->count && wait_for(server, server->fd, -1)) {
        int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            break;
        atomic_fetch_add(&server->connections, 1);
        step = serve_connection(server, fd, step);
        close(fd);
    }
    return NULL;
}

struct rawhttp_server *rawhttp_server_start(const struct rawhttp_step *steps, size_t count)
{
    struct rawhttp_server *server = calloc(1, sizeof *server);
    assert(server != NULL);
    server->steps = calloc(count + 1, sizeof(struct rawhttp_step));
    assert(server->steps != NULL);
    if (count > 0)
        memcpy(server->steps, steps, count * sizeof(struct rawhttp_step));
    server->count = count;
    pthread_mutex_init(&server->lock, NULL);
    server->fd = loopback_socket(true, &server->port);
    assert(listen(server->fd, 16) == 0);
    assert(pipe(server->stop_pipe) == 0);
    assert(pthread_create(&server->thread, NULL, serve, server) == 0);
    return server;
}

void rawhttp_server_stop(struct rawhttp_server *server)
{
    close(server->stop_pipe[1]);
    pthread_join(server->thread, NULL);
    close(server->stop_pipe[0]);
    close(server->fd);
    pthread_mutex_destroy(&server->lock);
    free(server->steps);
    free(server);
}

unsigned rawhttp_server_port(const struct rawhttp_server *server)
{
    return server->port;
}

unsigned rawhttp_server_connections(const struct rawhttp_server *server)
{
    return atomic_load(&server->connections);
}

void rawhttp_server_request(struct rawhttp_server *server, char ret_text[RAWHTTP_BYTES])
{
    pthread_mutex_lock(&server->lock);
    memcpy(ret_text, server->last_request, RAWHTTP_BYTES);
    pthread_mutex_unlock(&server->lock);
}

void rawhttp_server_requests(struct rawhttp_server *server, char ret_text[RAWHTTP_BYTES])
{
    pthread_mutex_lock(&server->lock);
    memcpy(ret_text, server->requests, RAWHTTP_BYTES);
    pthread_mutex_unlock(&server->lock);
}

unsigned rawhttp_dead_port(void)
{
    unsigned port = 0;
    close(loopback_socket(true, &port));
    return port;
}
