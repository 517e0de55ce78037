/*
 * Globs over identifiers: `*` stands for any number of characters, `?` for one. Matching takes time
 * in proportion to the text, whatever the pattern: all places in the pattern that the text may have
 * led to are followed at once, as bits of a word, through a table made when the glob is made.
 */
#ifndef BRIDGE_GLOB_H
#define BRIDGE_GLOB_H

#include "base/limits.h"
#include "base/str.h"
#include "base/why.h"

#define GLOB_BYTES_MAX LIMITS_THING_NAME /* no identifier is longer */

struct glob_table;

struct glob {
    char *text;               /* with the wildcards of each run in one order: "?*" */
    size_t n;                 /* bytes of it */
    struct glob_table *table; /* NULL: it has no '*' */
};

/* ERR_INVALID: no identifier can have these characters, or that many; ERR_NO_MEMORY. An empty
 * pattern matches the empty text. */
nodiscard enum err glob_init(struct glob *glob, struct str pattern, struct why *why);
void glob_fini(struct glob *glob); /* fine if zeroed */

bool glob_matches(const struct glob *glob, struct str identifier);

/* Whether everything that other matches is matched by glob. Never wrongly true. */
bool glob_covers(const struct glob *glob, const struct glob *other);

#endif
