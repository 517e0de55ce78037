/*
 * What the bridge says of a command, as one line for a person:
 *
 *   2026-01-31 13:00:00  accepted  line-1 by gateway-1 in my-ns: description="slower" (12 ms)
 *   2026-01-31 13:00:01  rejected  line-1 by operator: Forbidden: description="faster" (0 ms)
 *
 * Whoever may publish on those topics may have written it, so nothing but text comes through.
 */
#ifndef DAEMON_WATCH_LINE_H
#define DAEMON_WATCH_LINE_H

#include "jobs/doc.h"

#define WATCH_LINE_MAX 8192 /* bytes of a line, however it is written */

/* Each appends a line, or nothing if it is no such event. */
void watch_line_event(struct doc_node event, bool has_colours, struct buf *out);
void watch_line_notify(struct doc_node event, bool has_colours, struct buf *out);

/* now_s: what the retained status does not say itself. */
void watch_line_status(struct doc_node status, int64_t now_s, bool has_colours, struct buf *out);

#endif
