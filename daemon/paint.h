/* Colours, for a terminal whose user wants them. */
#ifndef DAEMON_PAINT_H
#define DAEMON_PAINT_H

#include "base/buf.h"

enum paint { PAINT_NONE, PAINT_GREEN, PAINT_RED, PAINT_YELLOW, PAINT_BLUE, PAINT_FAINT };

/* Whether the descriptor is a terminal that can do more than type. */
bool paint_is_able(int fd);

/* The same, and NO_COLOR is not set. */
bool paint_is_wanted(int fd);

/* What is added between them has the colour; nothing is written if it is not wanted. */
void paint_begin(struct buf *out, bool is_wanted, enum paint paint);
void paint_end(struct buf *out, bool is_wanted, enum paint paint);

#endif
