#include "daemon/watch_line.h"

#include "base/limits.h"
#include "daemon/paint.h"
#include "daemon/shown.h"

#define VALUE_BYTES  80  /* of one value that was set */
#define CHANGE_BYTES 400 /* of all of them, after which no other is begun */
#define NAME_BYTES   200 /* of a name that breaks the rules for names */

static void add_cut(struct buf *out, struct str text, size_t max)
{
    bool is_long = text.n > max;
    if (is_long)
        text.n = max;
    while (is_long && text.n > 0 && (text.p[text.n] & 0xc0) == 0x80) /* no half character */
        text.n--;
    shown_line(out, text);
    buf_add_text(out, is_long ? "..." : "");
}

static void add_value(struct buf *out, struct doc_node value)
{
    struct buf json;
    buf_init(&json, (size_t)2 * LIMITS_COMMAND_BYTES);
    doc_write(value, &json);
    add_cut(out, buf_str(&json), VALUE_BYTES);
    buf_fini(&json);
}

/* Where the walk through an update is, as the path of a member. */
struct place {
    const struct place *above;
    struct str name;
};

static void add_path(struct buf *out, const struct place *place)
{
    if (place->above != NULL) {
        add_path(out, place->above);
        buf_add_byte(out, '.');
    }
    add_cut(out, place->name, VALUE_BYTES);
}

/* " path=value" for every member that is no object itself. The depth is that of the document. */
static void add_changes(struct buf *out, struct doc_node object, const struct place *above,
                        size_t begun)
{
    for (struct doc_walk walk = doc_walk_start(object); walk.p != NULL;
         doc_walk_next(object, &walk)) {
        const struct place place = {above, walk.key};
        if (out->n - begun > CHANGE_BYTES) {
            if (!str_ends(buf_str(out), STR(" ...")))
                buf_add_text(out, " ...");
            return;
        }
        if (doc_kind_of(walk.value) == DOC_OBJECT && doc_count(walk.value) > 0) {
            add_changes(out, walk.value, &place, begun);
            continue;
        }
        buf_add_byte(out, ' ');
        add_path(out, &place);
        buf_add_byte(out, '=');
        add_value(out, walk.value);
    }
}

static void begin(struct buf *out, int64_t at_s, bool has_colours)
{
    paint_begin(out, has_colours, PAINT_FAINT);
    shown_local_time(out, at_s);
    paint_end(out, has_colours, PAINT_FAINT);
    buf_add_text(out, "  ");
}

static void add_word(struct buf *out, const char *word, enum paint paint, bool has_colours)
{
    paint_begin(out, has_colours, paint);
    buf_format(out, "%-8s", word);
    paint_end(out, has_colours, paint);
    buf_add_text(out, "  ");
}

/* " word name", if there is one. */
static void add_name(struct buf *out, const char *word, struct doc_node name)
{
    if (doc_kind_of(name) != DOC_STRING)
        return;
    buf_add_text(out, word);
    add_cut(out, doc_str(name), NAME_BYTES);
}

static void add_numbers(struct buf *out, struct doc_node event)
{
    int64_t attempts = doc_int(doc_member(event, "attempts"));
    int64_t coalesced = doc_int(doc_member(event, "coalesced"));
    buf_format(out, " (%lld ms", (long long)doc_int(doc_member(event, "latencyMs")));
    if (attempts > 1)
        buf_format(out, ", %lld attempts", (long long)attempts);
    if (coalesced > 1)
        buf_format(out, ", shared by %lld", (long long)coalesced);
    buf_add_text(out, ")\n");
}

static bool has_time_and_job(struct doc_node event)
{
    return doc_kind_of(doc_member(event, "timestamp")) == DOC_INTEGER &&
           doc_kind_of(doc_member(event, "jobId")) == DOC_STRING;
}

static void add_outcome(struct buf *out, struct doc_node event, bool is_accepted, bool has_colours)
{
    if (!is_accepted)
        add_word(out, "rejected", PAINT_RED, has_colours);
    else if (doc_bool(doc_member(event, "dryRun")))
        add_word(out, "planned", PAINT_YELLOW, has_colours);
    else
        add_word(out, "accepted", PAINT_GREEN, has_colours);
}

void watch_line_event(struct doc_node event, bool has_colours, struct buf *out)
{
    struct str outcome = doc_str(doc_member(event, "outcome"));
    bool is_accepted = str_eq_text(outcome, "accepted");
    bool is_thing = doc_kind_of(doc_member(event, "thingName")) == DOC_STRING;
    if (!has_time_and_job(event) || (!is_accepted && !str_eq_text(outcome, "rejected")))
        return;
    begin(out, doc_int(doc_member(event, "timestamp")), has_colours);
    add_outcome(out, event, is_accepted, has_colours);
    add_name(out, "", doc_member(event, "jobId"));
    if (is_thing)
        add_name(out, " by ", doc_member(event, "thingName"));
    else
        buf_add_text(out, " by operator");
    add_name(out, " in ", doc_member(event, "namespaceId"));
    add_name(out, ": ", doc_member(event, "code"));
    if (doc_count(doc_member(event, "update")) > 0)
        buf_add_byte(out, ':');
    add_changes(out, doc_member(event, "update"), NULL, out->n);
    add_numbers(out, event);
}

void watch_line_notify(struct doc_node event, bool has_colours, struct buf *out)
{
    if (!has_time_and_job(event) || doc_kind_of(doc_member(event, "thingName")) != DOC_STRING)
        return;
    begin(out, doc_int(doc_member(event, "timestamp")), has_colours);
    add_word(out, "notified", PAINT_BLUE, has_colours);
    add_name(out, "", doc_member(event, "thingName"));
    add_name(out, " of ", doc_member(event, "jobId"));
    add_name(out, " in ", doc_member(event, "namespaceId"));
    if (doc_count(doc_member(event, "update")) > 0)
        buf_add_byte(out, ':');
    add_changes(out, doc_member(event, "update"), NULL, out->n);
    buf_add_byte(out, '\n');
}

/* Of one of several bridges. */
static void add_partition(struct buf *out, struct doc_node partition)
{
    struct doc_node index = doc_member(partition, "index");
    struct doc_node count = doc_member(partition, "count");
    if (doc_kind_of(index) != DOC_INTEGER || doc_kind_of(count) != DOC_INTEGER)
        return;
    buf_add_text(out, ", partition ");
    buf_add_int(out, doc_int(index));
    buf_add_text(out, " of ");
    buf_add_int(out, doc_int(count));
}

void watch_line_status(struct doc_node status, int64_t now_s, bool has_colours, struct buf *out)
{
    struct str word = doc_str(doc_member(status, "status"));
    bool is_online = str_eq_text(word, "online");
    if (!is_online && !str_eq_text(word, "offline"))
        return;
    begin(out, now_s, has_colours);
    add_word(out, is_online ? "online" : "offline", is_online ? PAINT_GREEN : PAINT_RED,
             has_colours);
    buf_add_text(out, "jobs-bridge");
    add_name(out, " ", doc_member(status, "version"));
    add_partition(out, doc_member(status, "partition"));
    if (doc_kind_of(doc_member(status, "since")) == DOC_INTEGER) {
        buf_add_text(out, is_online ? ", since " : ", had run since ");
        shown_local_time(out, doc_int(doc_member(status, "since")));
    }
    buf_add_byte(out, '\n');
}
