/* What the board knows, as JSON. Nothing is broken over lines, so that it fits into an event. */
#ifndef DAEMON_BOARD_JSON_H
#define DAEMON_BOARD_JSON_H

#include "daemon/board.h"

void board_json_state(const struct board *board, bool has_history, struct buf *out);
void board_json_roster(const struct roster *roster, struct buf *out);
/* Those from the number first on; skipped: how many before them are left out. */
void board_json_commands(const struct board *board, uint64_t first, uint64_t skipped,
                         struct buf *out);
void board_json_problem(struct buf *out, const char *message);

#endif
