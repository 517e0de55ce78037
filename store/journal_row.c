#include "store/journal_row.h"

#include "base/utf8.h"
#include "store/journal_schema.h"
#include "store/keep.h"

/* What a row needs besides its texts: keys and numbers, in the tables it is in. */
#define ROW_BYTES 128

/* Beyond any clock: whoever reckons with a time need not think of overflow. */
#define TIME_MAX_MS INT64_C(1000000000000000)

static enum journal_origin origin_of(const struct journal_entry *entry)
{
    if (entry->is_notice)
        return JOURNAL_ORIGIN_NOTICE;
    return entry->from == SIDE_UPSTREAM ? JOURNAL_ORIGIN_UPSTREAM_COMMAND : JOURNAL_ORIGIN_COMMAND;
}

void journal_row_set_command(struct statement *add, const struct journal_entry *entry,
                             int64_t repeat_hash)
{
    statement_set_int(add, 2, repeat_hash);
    statement_set_int(add, 3, entry->arrived_at_ms);
    statement_set_int(add, 4, entry->expires_at_ms);
    statement_set_int(add, 5, entry->qos);
    statement_set_str(add, 6, entry->topic);
    statement_set_str(add, 7, entry->response_topic);
    statement_set_bytes(add, 8, entry->correlation);
    statement_set_bytes(add, 9, entry->repeat_of);
    statement_set_bytes(add, 10, entry->payload);
    statement_set_str(add, 11, entry->trace.parent);
    statement_set_str(add, 12, entry->trace.state);
    statement_set_int(add, 13, origin_of(entry));
}

void journal_row_set_ending(struct statement *decide, const struct ending *ending)
{
    statement_set_int(decide, 2, ending->code);
    statement_set_int(decide, 3, ending->retry_after_s);
    statement_set_int(decide, 4, ending->decided_at_s);
    statement_set_int(decide, 5, ending->latency_ms);
    statement_set_int(decide, 6, ending->attempts);
    statement_set_int(decide, 7, ending->shared_by);
    statement_set_str(decide, 8, ending->field);
    statement_set_str(decide, 9, ending->message);
    statement_set_str(decide, 10, ending->request_id);
}

size_t journal_row_bytes(const struct journal_entry *entry)
{
    return ROW_BYTES + entry->topic.n + entry->payload.n + entry->response_topic.n +
           entry->correlation.n + entry->repeat_of.n + entry->trace.parent.n + entry->trace.state.n;
}

static bool is_text(struct str text)
{
    return str_is_absent(text) || utf8_is_printable(text);
}

/* The database holds together, and so does the row: what the reader relies on is what add and
 * decide have written. */
static bool is_possible(const struct journal_entry *entry)
{
    const struct ending *ending = &entry->ending;
    bool has_times = entry->arrived_at_ms >= 0 && entry->arrived_at_ms < TIME_MAX_MS &&
                     (entry->expires_at_ms == -1 || (entry->expires_at_ms >= entry->arrived_at_ms &&
                                                     entry->expires_at_ms < 2 * TIME_MAX_MS));
    return entry->seq > 0 && entry->seq < INT64_MAX && has_times && !str_is_absent(entry->topic) &&
           !str_is_absent(entry->payload) && is_text(ending->field) && is_text(ending->message) &&
           is_text(ending->request_id);
}

enum err journal_row_read(const struct statement *row, struct journal_entry *ret, struct why *why)
{
    int64_t origin = statement_int(row, 21);
    const struct journal_entry entry = {
        .seq = (uint64_t)statement_int(row, 0),
        .state = (enum journal_state)statement_int(row, 1),
        .arrived_at_ms = statement_int(row, 2),
        .expires_at_ms = statement_int(row, 3),
        .qos = statement_int(row, 4),
        .topic = statement_str(row, 5),
        .response_topic = statement_str(row, 6),
        .correlation = statement_bytes(row, 7),
        .repeat_of = statement_bytes(row, 8),
        .ending =
            {
                .code = statement_int(row, 9),
                .retry_after_s = statement_int_or(row, 10, -1),
                .decided_at_s = statement_int(row, 11),
                .latency_ms = statement_int(row, 12),
                .attempts = statement_int(row, 13),
                .shared_by = statement_int(row, 14),
                .field = statement_str(row, 15),
                .message = statement_str(row, 16),
                .request_id = statement_str(row, 17),
            },
        .payload = statement_bytes(row, 18),
        .trace = {.parent = statement_str(row, 19), .state = statement_str(row, 20)},
        .from = origin == JOURNAL_ORIGIN_COMMAND ? SIDE_LOCAL : SIDE_UPSTREAM,
        .is_notice = origin == JOURNAL_ORIGIN_NOTICE,
    };
    if (!is_possible(&entry) || origin < 0 || origin >= JOURNAL_ORIGIN_COUNT)
        return why_set(why, ERR_DAMAGED, NULL, "command %lld in the journal is damaged",
                       (long long)entry.seq);
    *ret = entry;
    return ERR_NONE;
}

enum err journal_row_copy(const struct statement *row, struct buf *to, struct journal_entry *ret,
                          struct why *why)
{
    enum err err = journal_row_read(row, ret, why);
    if (err != ERR_NONE)
        return err;
    struct str *const texts[] = {
        &ret->topic,        &ret->payload,      &ret->response_topic, &ret->correlation,
        &ret->repeat_of,    &ret->ending.field, &ret->ending.message, &ret->ending.request_id,
        &ret->trace.parent, &ret->trace.state,
    };
    return keep_texts(to, texts, COUNT_OF(texts), why);
}
