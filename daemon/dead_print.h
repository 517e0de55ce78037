/* Dead letters as text for a person, and as JSON for a program. */
#ifndef DAEMON_DEAD_PRINT_H
#define DAEMON_DEAD_PRINT_H

#include "base/buf.h"
#include "store/dead_letter.h"

#define DEAD_PRINT_MAX ((size_t)2 * 1024 * 1024) /* of one letter, however it is written */

void dead_print_line(const struct dead_letter *letter, struct buf *out);
void dead_print_whole(const struct dead_letter *letter, struct buf *out);

/* One object on one line. Bytes that are no text are in payloadHex instead of payload. */
void dead_print_json(const struct dead_letter *letter, bool has_payload, struct buf *out);

#endif
