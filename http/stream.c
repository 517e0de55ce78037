#include "http/stream.h"

#include "base/limits.h"

#include <microhttpd.h>
#include <stdlib.h>

/* A suspended connection never times out, and nobody sees its peer leave but who writes to it. */
#define HEARTBEAT_MS 15000
#define BLOCK_BYTES  4096

struct stream {
    struct stream_set *set;
    struct list_node node;
    struct MHD_Connection *connection;
    struct buf pending;
    bool is_suspended;
    bool is_ending;
};

void stream_init(struct stream_set *set)
{
    list_init(&set->open);
    set->count = 0;
    set->heartbeat_ms = 0;
}

enum err stream_open(const struct server_request *request, struct server_response *response)
{
    struct stream_set *set = request->streams;
    if (set->count == LIMITS_STREAMS)
        return ERR_FULL;
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return ERR_NO_MEMORY;
    stream->set = set;
    buf_init(&stream->pending, LIMITS_STREAM_BYTES);
    list_push_back(&set->open, &stream->node);
    set->count++;
    response->stream = stream;
    server_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, STR("text/event-stream"));
    return ERR_NONE;
}

void stream_free(struct stream *stream)
{
    list_remove(&stream->node);
    stream->set->count--;
    buf_fini(&stream->pending);
    free(stream);
}

static void on_end(void *context)
{
    stream_free(context);
}

/* microhttpd asks for more whenever the socket takes it. With nothing to say the connection has to
 * be suspended: asking again would be all that its thread does. */
static ssize_t on_read(void *context, uint64_t at, char *ret_bytes, size_t max)
{
    (void)at;
    struct stream *stream = context;
    size_t n = stream->pending.n < max ? stream->pending.n : max;
    if (n == 0 && stream->is_ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0) {
        stream->is_suspended = true;
        MHD_suspend_connection(stream->connection);
        return 0;
    }
    memcpy(ret_bytes, stream->pending.p, n);
    buf_drop_front(&stream->pending, n);
    return (ssize_t)n;
}

static void wake(struct stream *stream)
{
    if (!stream->is_suspended)
        return;
    stream->is_suspended = false;
    MHD_resume_connection(stream->connection);
}

static void end(struct stream *stream)
{
    stream->is_ending = true;
    wake(stream);
}

static void send_one(struct stream *stream, struct str bytes)
{
    if (stream->is_ending)
        return;
    buf_add(&stream->pending, bytes);
    if (buf_err(&stream->pending) == ERR_NONE) {
        wake(stream);
    } else {
        buf_clear(&stream->pending); /* it would go on behind a gap */
        end(stream);
    }
}

struct MHD_Response *stream_response(struct stream *stream, struct MHD_Connection *connection,
                                     struct str first)
{
    struct MHD_Response *reply =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_read, stream, on_end);
    if (reply == NULL) {
        stream_free(stream);
        return NULL;
    }
    stream->connection = connection;
    send_one(stream, first);
    return reply;
}

void stream_send(struct stream_set *set, struct str bytes)
{
    for (struct list_node *node = list_first(&set->open); node != NULL;
         node = list_after(&set->open, node))
        send_one(list_entry(node, struct stream, node), bytes);
}

void stream_begin_event(struct buf *out, const char *id, const char *name)
{
    if (id != NULL)
        buf_format(out, "id: %s\n", id);
    buf_format(out, "event: %s\ndata: ", name);
}

void stream_end_event(struct buf *out)
{
    buf_add_text(out, "\n\n");
}

void stream_beat(struct stream_set *set, int64_t now_ms)
{
    if (now_ms < set->heartbeat_ms)
        return;
    set->heartbeat_ms = now_ms + HEARTBEAT_MS;
    stream_send(set, STR(": still here\n\n"));
}

void stream_close_all(struct stream_set *set)
{
    for (struct list_node *node = list_first(&set->open); node != NULL;
         node = list_after(&set->open, node))
        end(list_entry(node, struct stream, node));
}
