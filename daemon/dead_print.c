#include "daemon/dead_print.h"

#include "base/emit.h"
#include "base/utf8.h"
#include "daemon/shown.h"
#include "jobs/reject.h"

#define TOPIC_COLUMNS 100 /* of a line in the list */

static const char *outcome(const struct dead_letter *letter)
{
    bool is_rejected = letter->code > REJECT_NONE && letter->code < REJECT_COUNT;
    return is_rejected ? reject_name((enum reject)letter->code) : "accepted";
}

void dead_print_line(const struct dead_letter *letter, struct buf *out)
{
    bool is_long = letter->topic.n > TOPIC_COLUMNS;
    buf_format(out, "%llu  ", (unsigned long long)letter->id);
    shown_time(out, letter->buried_at_s);
    buf_format(out, "  %s  ", outcome(letter));
    shown_line(out, (struct str){letter->topic.p, is_long ? TOPIC_COLUMNS : letter->topic.n});
    buf_add_text(out, is_long ? "...  " : "  ");
    shown_line(out, letter->reason);
    buf_add_byte(out, '\n');
}

void dead_print_whole(const struct dead_letter *letter, struct buf *out)
{
    const struct trace trace = trace_of(letter->trace.parent, letter->trace.state);
    buf_format(out, "dead letter %llu\n  arrived: ", (unsigned long long)letter->id);
    shown_time(out, letter->arrived_at_ms / 1000);
    buf_add_text(out, "\n  buried:  ");
    shown_time(out, letter->buried_at_s);
    buf_add_text(out, "\n  reason:  ");
    shown_line(out, letter->reason);
    buf_format(out, "\n  outcome: %s", outcome(letter));
    if (letter->message.n > 0) {
        buf_add_text(out, ": ");
        shown_line(out, letter->message);
    }
    buf_add_text(out, "\n  topic:   ");
    shown_line(out, letter->topic);
    if (!trace_is_absent(&trace)) {
        buf_add_text(out, "\n  trace:   ");
        buf_add(out, trace.parent);
    }
    buf_add_text(out, "\n  payload:\n");
    shown_text(out, letter->payload);
    buf_add_byte(out, '\n');
}

static void emit_payload(struct emit *emit, struct str payload)
{
    struct buf hex;
    if (utf8_is_valid(payload)) {
        emit_str(emit, "payload", payload);
        return;
    }
    buf_init(&hex, DEAD_PRINT_MAX);
    for (size_t i = 0; i < payload.n; i++)
        buf_format(&hex, "%02x", (unsigned char)payload.p[i]);
    emit_str(emit, "payloadHex", buf_str(&hex));
    buf_fini(&hex);
}

void dead_print_json(const struct dead_letter *letter, bool has_payload, struct buf *out)
{
    const struct trace trace = trace_of(letter->trace.parent, letter->trace.state);
    struct emit emit = emit_to(out);
    struct buf topic; /* what is no UTF-8 was refused for it: only then it is not the very topic */
    buf_init(&topic, DEAD_PRINT_MAX);
    shown_line(&topic, letter->topic);
    emit_object(&emit, NULL);
    emit_int(&emit, "id", (int64_t)letter->id);
    emit_int(&emit, "arrivedAt", letter->arrived_at_ms / 1000);
    emit_int(&emit, "buriedAt", letter->buried_at_s);
    emit_str(&emit, "reason", letter->reason);
    if (letter->from == SIDE_UPSTREAM)
        emit_text(&emit, "from", "upstream");
    if (letter->is_notice)
        emit_bool(&emit, "notice", true);
    emit_text(&emit, "outcome", outcome(letter));
    emit_str(&emit, "message", letter->message);
    emit_str(&emit, "topic", buf_str(&topic));
    emit_str(&emit, "traceparent", trace.parent);
    emit_str(&emit, "tracestate", trace.state);
    if (has_payload)
        emit_payload(&emit, letter->payload);
    emit_object_end(&emit);
    buf_add_byte(out, '\n');
    buf_fini(&topic);
}
