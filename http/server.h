/*
 * A small HTTP/1.1 server: one libmicrohttpd daemon with its own thread, one handler.
 *
 * The handler runs on that thread, with the whole request at hand, and must not block. What it
 * shares with the loop thread it shares through atomics. It fills a response whose body is empty
 * and whose status is 200; an unset Content-Type becomes application/json. Any method is passed
 * on; to HEAD the body's length is told and the body kept back. http/stream.h makes of a response
 * one that goes on; the tick is where there is more to say.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"

struct server;
struct stream;
struct stream_set;

struct server_request {
    const char *method;
    struct str path;  /* as on the wire: still percent-encoded, without the query */
    struct str query; /* as on the wire, without '?'; absent when there is none */
    struct str body;
    void *connection; /* for server_header and server_headers_each */
    struct stream_set *streams;
};

#define SERVER_HEADERS_MAX  12
#define SERVER_ANSWER_BYTES ((size_t)1024 * 1024) /* beyond it, or on a failed body: 500 */

struct server_response {
    int status;
    struct buf body;
    struct {
        const char *name; /* static */
        char value[192];
    } headers[SERVER_HEADERS_MAX];
    size_t header_count;
    struct stream *stream; /* set by stream_open */
};

typedef void server_handle_fn(void *context, const struct server_request *request,
                              struct server_response *response);

/* On the server's thread: soon after the start, then whenever as many milliseconds have passed as
 * it said, or server_wake was called. */
typedef int64_t server_tick_fn(void *context, struct stream_set *streams);

struct server_options {
    const char *listen;       /* "127.0.0.1:8099" or "[::1]:8099"; port 0: any free one */
    size_t body_bytes_max;    /* beyond it: 413 */
    unsigned connections_max; /* one more ends the one that was answered longest ago */
    unsigned idle_timeout_s;
    server_handle_fn *handle;
    server_tick_fn *tick; /* NULL: none */
    void *context;
};

/* ERR_INVALID with the reason when the text is no numeric address with a port. */
nodiscard enum err server_listen_check(const char *listen, struct why *why);

nodiscard enum err server_start(const struct server_options *options, struct server **ret,
                                struct why *why);
void server_stop(struct server *server); /* waits for the handler that is running, ends streams */
void server_wake(struct server *server); /* the tick, now; on any thread */
unsigned server_port(const struct server *server);

/* The value of a header by its name in any case; absent if there is none. */
struct str server_header(const struct server_request *request, const char *name);

/* All headers in the order of the wire, repeated ones each on their own. */
typedef void server_header_fn(void *context, struct str name, struct str value);
void server_headers_each(const struct server_request *request, server_header_fn *visit,
                         void *context);

/* A value that does not fit or holds control characters is left out. */
void server_response_header(struct server_response *response, const char *name, struct str value);

#endif
