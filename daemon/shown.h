/* Texts of strangers on a terminal: what is no printable character becomes a question mark. */
#ifndef DAEMON_SHOWN_H
#define DAEMON_SHOWN_H

#include "base/buf.h"

void shown_line(struct buf *out, struct str text); /* on one line */
void shown_text(struct buf *out, struct str text); /* with its line breaks and tabs */
void shown_time(struct buf *out, int64_t epoch_s); /* 2026-01-31T12:00:00Z */

#endif
