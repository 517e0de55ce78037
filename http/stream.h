/*
 * Answers without an end: server-sent events to whoever watches, one stream a connection.
 *
 * Everything here runs on the server's thread. What a stream's peer has not read yet waits in a
 * buffer of at most LIMITS_STREAM_BYTES; a peer that is slower than that is hung up on, and comes
 * back with Last-Event-ID. A comment every 15 s shows both sides that the other one is still there.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "base/list.h"
#include "http/server.h"

struct MHD_Connection;
struct MHD_Response;

struct stream;

/* Those of one server. */
struct stream_set {
    struct list open;
    unsigned count;
    int64_t heartbeat_ms; /* when the next one is due, on the monotonic clock */
};

void stream_init(struct stream_set *set);

/* In the handler: the response becomes a stream of text/event-stream, its body the first bytes of
 * it. ERR_FULL: as many are open as may, and the response is as it was. */
nodiscard enum err stream_open(const struct server_request *request,
                               struct server_response *response);

/* The same bytes to every open stream. */
void stream_send(struct stream_set *set, struct str bytes);

/* Around the data of one event, which is one line. The id may be NULL. */
void stream_begin_event(struct buf *out, const char *id, const char *name);
void stream_end_event(struct buf *out);

/* For server.c alone. stream_free is for one without a response; that is NULL when out of memory,
 * and the stream is gone. */
void stream_free(struct stream *stream);
struct MHD_Response *stream_response(struct stream *stream, struct MHD_Connection *connection,
                                     struct str first);
void stream_beat(struct stream_set *set, int64_t now_ms);
void stream_close_all(struct stream_set *set); /* ends them, each at its next reading */

#endif
