/* The dead letters of a journal, for the dashboard: read only, also while the service runs. */
#ifndef DAEMON_DEAD_LIST_H
#define DAEMON_DEAD_LIST_H

#include "base/buf.h"
#include "base/why.h"

/* {"total":2,"rows":[...]}: the newest LIMITS_SHOWN_LETTERS, without their payloads. total is how
 * many there are, as far as the caller knows. */
nodiscard enum err dead_list_write(const char *journal, uint64_t total, struct buf *out,
                                   struct why *why);

#endif
