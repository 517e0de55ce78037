/* What a link subscribes to: a list of topic filters that owns them. */
#ifndef DAEMON_FILTERS_H
#define DAEMON_FILTERS_H

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct filters {
    char **items;
    size_t count;
};

void filters_fini(struct filters *filters); /* fine on zeros */

nodiscard enum err filters_add(struct filters *filters, struct str filter);
bool filters_has(const struct filters *filters, const char *filter);

/* Adds those of old that are not in now. */
nodiscard enum err filters_add_stale(struct filters *stale, const struct filters *old,
                                     const struct filters *now);

#endif
