/* A command between the journal's tables and struct journal_entry: for store/journal.c only. */
#ifndef STORE_JOURNAL_ROW_H
#define STORE_JOURNAL_ROW_H

#include "base/buf.h"
#include "bridge/port.h"
#include "store/statement.h"

#define JOURNAL_ROW_ADD                                                                            \
    "INSERT INTO commands VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
#define JOURNAL_ROW_DECIDE "INSERT INTO endings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
#define JOURNAL_ROW_SELECT                                                                         \
    "SELECT c.seq, CASE WHEN u.seq IS NULL THEN 2 ELSE e.seq IS NOT NULL END,"                     \
    " c.arrived_at_ms, c.expires_at_ms, c.qos, c.topic, c.response_topic, c.correlation,"          \
    " c.repeat_of, e.code, e.retry_after_s, e.decided_at_s, e.latency_ms, e.attempts,"             \
    " e.shared_by, e.field, e.message, e.request_id, c.payload, c.traceparent,"                    \
    " c.tracestate, c.origin"                                                                      \
    " FROM commands c LEFT JOIN endings e ON e.seq = c.seq"                                        \
    " LEFT JOIN unfinished u ON u.seq = c.seq"

/* The arguments from 2 on; the first one is the seq. */
void journal_row_set_command(struct statement *add, const struct journal_entry *entry,
                             int64_t repeat_hash);
void journal_row_set_ending(struct statement *decide, const struct ending *ending);

size_t journal_row_bytes(const struct journal_entry *entry); /* in the tables, at the most */

/* The views live as long as the row. ERR_DAMAGED: it is none that a journal writes. */
nodiscard enum err journal_row_read(const struct statement *row, struct journal_entry *ret,
                                    struct why *why);
/* The views point into to, whatever becomes of the row. */
nodiscard enum err journal_row_copy(const struct statement *row, struct buf *to,
                                    struct journal_entry *ret, struct why *why);

#endif
