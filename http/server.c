#include "http/server.h"

#include "base/now.h"
#include "http/guests.h"
#include "http/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTION_MEMORY_BYTES (32 * 1024) /* request line and headers of one request */
#define LISTEN_BACKLOG          128
#define DISCARD_FACTOR          4 /* of body_bytes_max: read and dropped before we hang up */
#define WAIT_MAX_MS             INT64_C(60000)

struct server {
    struct MHD_Daemon *daemon;
    unsigned port;
    size_t body_bytes_max;
    server_handle_fn *handle;
    server_tick_fn *tick;
    void *context;
    struct guests guests;
    struct stream_set streams;
    pthread_t thread;
    bool has_thread;
    int wake_fd;
    _Atomic bool is_stopping;
};

/* One request on its way in. */
struct transfer {
    char *uri;
    struct buf body;
    size_t discarded;
    bool is_started;
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static enum err bad_listen(const char *listen, struct why *why)
{
    return why_set(why, ERR_INVALID, NULL,
                   "expected address:port such as 127.0.0.1:8099 or [::1]:8099, not \"%s\"",
                   listen);
}

static enum err parse_listen(const char *listen, union address *ret, socklen_t *ret_n,
                             struct why *why)
{
    const char *colon = strrchr(listen, ':');
    int64_t port = 0;
    if (colon == NULL || !str_to_int(str_of(colon + 1), 0, 65535, &port))
        return bad_listen(listen, why);
    struct str host = {listen, (size_t)(colon - listen)};
    bool is_v6 = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (is_v6)
        host = (struct str){host.p + 1, host.n - 2};
    char text[INET6_ADDRSTRLEN];
    if (host.n >= sizeof text)
        return bad_listen(listen, why);
    snprintf(text, sizeof text, "%.*s", STR_ARG(host));

    union address address = {0};
    if (is_v6) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons((uint16_t)port);
    } else {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons((uint16_t)port);
    }
    void *at = is_v6 ? (void *)&address.v6.sin6_addr : (void *)&address.v4.sin_addr;
    if (inet_pton(address.any.sa_family, text, at) != 1)
        return bad_listen(listen, why);
    *ret = address;
    *ret_n = is_v6 ? sizeof address.v6 : sizeof address.v4;
    return ERR_NONE;
}

enum err server_listen_check(const char *listen, struct why *why)
{
    union address address;
    socklen_t n;
    return parse_listen(listen, &address, &n, why);
}

/* Our own socket, so that a failure has a reason and port 0 an answer. */
static enum err open_socket(const char *listen_at, int *ret_fd, unsigned *ret_port, struct why *why)
{
    union address address = {0};
    socklen_t n = 0;
    enum err err = parse_listen(listen_at, &address, &n, why);
    if (err != ERR_NONE)
        return err;
    int family = address.any.sa_family;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return why_errno(why, "cannot listen on %s", listen_at);
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(fd, &address.any, n) != 0 || listen(fd, LISTEN_BACKLOG) != 0 ||
        getsockname(fd, &address.any, &n) != 0) {
        err = why_errno(why, "cannot listen on %s", listen_at);
        close(fd);
        return err;
    }
    *ret_fd = fd;
    *ret_port = ntohs(family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
    return ERR_NONE;
}

static void free_transfer(struct transfer *transfer)
{
    if (transfer == NULL)
        return;
    buf_fini(&transfer->body);
    free(transfer->uri);
    free(transfer);
}

/* The only place where the request target is seen before it is decoded. */
static void *on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)connection;
    const struct server *server = context;
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL)
        return NULL;
    buf_init(&transfer->body, server->body_bytes_max);
    transfer->uri = str_dup(str_of(uri));
    if (transfer->uri == NULL) {
        free_transfer(transfer);
        return NULL;
    }
    return transfer;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **transfer,
                         enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    free_transfer(*transfer);
    *transfer = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **guest,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED)
        guests_remove(&server->guests, *guest);
    else
        *guest = guests_add(
            &server->guests,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
}

static void fail_response(struct server_response *response, int status, const char *json)
{
    if (response->stream != NULL)
        stream_free(response->stream);
    response->stream = NULL;
    response->status = status;
    response->header_count = 0;
    buf_clear(&response->body);
    buf_add_text(&response->body, json);
}

static bool has_header(const struct server_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (strcasecmp(response->headers[i].name, name) == 0)
            return true;
    return false;
}

/* Ends the life of response->body, whose bytes pass to microhttpd or to the stream. */
static struct MHD_Response *new_reply(struct MHD_Connection *connection,
                                      struct server_response *response)
{
    struct MHD_Response *reply = NULL;
    if (response->stream != NULL) {
        reply = stream_response(response->stream, connection, buf_str(&response->body));
        buf_fini(&response->body);
        return reply;
    }
    reply =
        MHD_create_response_from_buffer(response->body.n, response->body.p, MHD_RESPMEM_MUST_FREE);
    if (reply == NULL)
        buf_fini(&response->body);
    return reply;
}

static enum MHD_Result send_response(struct MHD_Connection *connection,
                                     struct server_response *response)
{
    if (buf_err(&response->body) != ERR_NONE)
        fail_response(response, MHD_HTTP_INTERNAL_SERVER_ERROR,
                      "{\"message\":\"the answer is too large\"}");
    struct MHD_Response *reply = new_reply(connection, response);
    if (reply == NULL)
        return MHD_NO;
    enum MHD_Result ok = MHD_YES;
    for (size_t i = 0; i < response->header_count && ok == MHD_YES; i++)
        ok = MHD_add_response_header(reply, response->headers[i].name, response->headers[i].value);
    if (ok == MHD_YES && !has_header(response, MHD_HTTP_HEADER_CONTENT_TYPE))
        ok = MHD_add_response_header(reply, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (ok == MHD_YES)
        ok = MHD_queue_response(connection, (unsigned)response->status, reply);
    MHD_destroy_response(reply);
    return ok;
}

/* And hangs up: where the next request begins is not known, or far away. */
static enum MHD_Result refuse(struct MHD_Connection *connection, int status, const char *json)
{
    struct server_response response = {0};
    buf_init(&response.body, SERVER_ANSWER_BYTES);
    fail_response(&response, status, json);
    server_response_header(&response, MHD_HTTP_HEADER_CONNECTION, STR("close"));
    return send_response(connection, &response);
}

static enum MHD_Result refuse_body(struct MHD_Connection *connection)
{
    return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE,
                  "{\"message\":\"the request body is too large\"}");
}

static enum MHD_Result answer(struct server *server, struct MHD_Connection *connection,
                              const char *method, const struct transfer *transfer)
{
    if (buf_err(&transfer->body) != ERR_NONE)
        return refuse_body(connection);
    struct str rest = str_of(transfer->uri);
    struct str path = str_cut(&rest, '?');
    const struct server_request request = {
        .method = method,
        .path = path,
        .query = rest,
        .body = buf_str(&transfer->body),
        .connection = connection,
        .streams = &server->streams,
    };
    struct server_response response = {.status = MHD_HTTP_OK};
    buf_init(&response.body, SERVER_ANSWER_BYTES);
    server->handle(server->context, &request, &response);
    struct guest *guest =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    guests_served(&server->guests, guest);
    if (response.stream != NULL)
        guests_keep(guest);
    return send_response(connection, &response);
}

static enum MHD_Result count_ends(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    (void)kind;
    (void)value;
    int *count = context;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 ||
        strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
        ++*count;
    return MHD_YES;
}

/* Two that read it might disagree on where its body ends, and so on what the next request is. */
static bool has_two_ends(struct MHD_Connection *connection)
{
    int count = 0;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, count_ends, &count);
    return count > 1;
}

static bool announces_too_much(const struct server *server, struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    int64_t n = 0;
    return length != NULL && str_to_int(str_of(length), 0, INT64_MAX, &n) &&
           (uint64_t)n > server->body_bytes_max;
}

/* microhttpd calls it once with the headers, once for each piece of the body, once at the end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *piece,
                                  size_t *piece_n, void **request)
{
    (void)url;
    (void)version;
    struct server *server = context;
    struct transfer *transfer = *request;
    if (transfer == NULL)
        return MHD_NO;
    if (!transfer->is_started) {
        transfer->is_started = true;
        if (has_two_ends(connection))
            return refuse(connection, MHD_HTTP_BAD_REQUEST,
                          "{\"message\":\"the end of the request body is given twice\"}");
        return announces_too_much(server, connection) ? refuse_body(connection) : MHD_YES;
    }
    if (*piece_n == 0)
        return answer(server, connection, method, transfer);
    buf_add(&transfer->body, (struct str){piece, *piece_n});
    if (buf_err(&transfer->body) != ERR_NONE)
        transfer->discarded += *piece_n;
    *piece_n = 0;
    return transfer->discarded / DISCARD_FACTOR > server->body_bytes_max ? MHD_NO : MHD_YES;
}

/* Until a socket is ready, somebody wakes us, or until_ms. Whether somebody did. */
static bool wait_for_work(struct server *server, int epoll_fd, int64_t until_ms)
{
    struct pollfd fds[] = {{.fd = epoll_fd, .events = POLLIN},
                           {.fd = server->wake_fd, .events = POLLIN}};
    MHD_UNSIGNED_LONG_LONG idle_ms = 0;
    int64_t timeout_ms = until_ms - now_mono_ms();
    if (MHD_get_timeout(server->daemon, &idle_ms) == MHD_YES && (int64_t)idle_ms < timeout_ms)
        timeout_ms = (int64_t)idle_ms;
    if (timeout_ms < 0)
        timeout_ms = 0;
    uint64_t count;
    return poll(fds, COUNT_OF(fds), (int)timeout_ms) > 0 && fds[1].revents != 0 &&
           read(server->wake_fd, &count, sizeof count) == (ssize_t)sizeof count;
}

static int64_t next_ms(const struct server *server, int64_t tick_ms)
{
    bool beats_first = server->streams.count > 0 && server->streams.heartbeat_ms < tick_ms;
    return beats_first ? server->streams.heartbeat_ms : tick_ms;
}

/* Ours and not microhttpd's own, since handler, tick and streams want to be on one. */
static void *serve(void *context)
{
    struct server *server = context;
    int epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int64_t tick_ms = INT64_MIN;
    bool is_woken = false;
    while (!server->is_stopping) {
        int64_t now_ms = now_mono_ms();
        if (is_woken || now_ms >= tick_ms) {
            bool ticks = server->tick != NULL;
            tick_ms = now_ms;
            tick_ms += ticks ? server->tick(server->context, &server->streams) : WAIT_MAX_MS;
        }
        stream_beat(&server->streams, now_ms);
        uint64_t gone = server->guests.gone;
        MHD_run(server->daemon);
        /* At its limit it stops listening, and listens again at a run after there is a place. */
        bool has_place = server->guests.gone != gone;
        is_woken = wait_for_work(server, epoll_fd, has_place ? now_ms : next_ms(server, tick_ms));
    }
    return NULL;
}

static enum err start_daemon(struct server *server, const struct server_options *options, int fd,
                             struct why *why)
{
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
        options->connections_max + 1, MHD_OPTION_CONNECTION_TIMEOUT, options->idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_END);
    if (server->daemon == NULL)
        return why_set(why, ERR_IO, NULL, "cannot start the HTTP server on %s", options->listen);
    return ERR_NONE;
}

static enum err start_thread(struct server *server, struct why *why)
{
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->wake_fd < 0)
        return why_errno(why, "cannot start the HTTP server");
    errno = pthread_create(&server->thread, NULL, serve, server);
    if (errno != 0)
        return why_errno(why, "cannot start the HTTP server");
    server->has_thread = true;
    return ERR_NONE;
}

enum err server_start(const struct server_options *options, struct server **ret, struct why *why)
{
    int fd = -1;
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    server->body_bytes_max = options->body_bytes_max;
    server->handle = options->handle;
    server->tick = options->tick;
    server->context = options->context;
    guests_init(&server->guests, options->connections_max);
    server->wake_fd = -1;
    stream_init(&server->streams);
    enum err err = open_socket(options->listen, &fd, &server->port, why);
    if (err == ERR_NONE)
        err = start_daemon(server, options, fd, why);
    if (err != ERR_NONE && fd >= 0)
        close(fd);
    if (err == ERR_NONE)
        err = start_thread(server, why);
    if (err != ERR_NONE) {
        server_stop(server);
        return err;
    }
    *ret = server;
    return ERR_NONE;
}

void server_wake(struct server *server)
{
    uint64_t one = 1;
    ssize_t written = write(server->wake_fd, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
}

static void stop_thread(struct server *server)
{
    server->is_stopping = true;
    server_wake(server);
    pthread_join(server->thread, NULL);
}

void server_stop(struct server *server)
{
    if (server == NULL)
        return;
    if (server->has_thread)
        stop_thread(server);
    if (server->daemon != NULL) {
        stream_close_all(&server->streams);
        MHD_run(server->daemon);         /* tells the streams' peers, and none is suspended then */
        MHD_stop_daemon(server->daemon); /* closes the listening socket too */
    }
    if (server->wake_fd >= 0)
        close(server->wake_fd);
    free(server);
}

unsigned server_port(const struct server *server)
{
    return server->port;
}

struct str server_header(const struct server_request *request, const char *name)
{
    const char *value = NULL;
    size_t n = 0;
    if (MHD_lookup_connection_value_n(request->connection, MHD_HEADER_KIND, name, strlen(name),
                                      &value, &n) != MHD_YES ||
        value == NULL)
        return STR_NONE;
    return (struct str){value, n};
}

struct visit {
    server_header_fn *visit;
    void *context;
};

static enum MHD_Result on_header(void *context, enum MHD_ValueKind kind, const char *name,
                                 size_t name_n, const char *value, size_t value_n)
{
    (void)kind;
    const struct visit *visit = context;
    visit->visit(visit->context, (struct str){name, name_n},
                 value != NULL ? (struct str){value, value_n} : STR(""));
    return MHD_YES;
}

void server_headers_each(const struct server_request *request, server_header_fn *visit,
                         void *context)
{
    struct visit each = {visit, context};
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, on_header, &each);
}

void server_response_header(struct server_response *response, const char *name, struct str value)
{
    size_t at = response->header_count;
    if (at == SERVER_HEADERS_MAX || value.n >= sizeof response->headers[0].value)
        return;
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f)
            return;
    response->headers[at].name = name;
    snprintf(response->headers[at].value, sizeof response->headers[at].value, "%.*s",
             STR_ARG(value));
    response->header_count++;
}
