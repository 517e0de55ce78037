/* Texts of strangers on a terminal: what is no printable character, or turns the direction of
 * writing round, becomes a question mark. */
#ifndef DAEMON_SHOWN_H
#define DAEMON_SHOWN_H

#include "base/buf.h"

void shown_line(struct buf *out, struct str text);       /* on one line */
void shown_text(struct buf *out, struct str text);       /* with its line breaks and tabs */
void shown_time(struct buf *out, int64_t epoch_s);       /* 2026-01-31T12:00:00Z */
void shown_local_time(struct buf *out, int64_t epoch_s); /* 2026-01-31 13:00:00, by TZ */

/* JSON as it is, but for such characters in its strings, which are escaped. */
void shown_json(struct buf *out, struct str json);

#endif
