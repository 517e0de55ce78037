/*
 * Dead letters: commands and notices whose answer or events could not be published, as the journal
 * keeps them until a person drops them. Read and dropped through a connection of its own, also
 * while the service runs; no reading lasts longer than one of these calls, so the service never
 * waits.
 */
#ifndef STORE_DEAD_LETTER_H
#define STORE_DEAD_LETTER_H

#include "base/str.h"
#include "base/trace.h"
#include "bridge/port.h"
#include "store/store.h"

struct dead_letters;

/* The views live until the next call. */
struct dead_letter {
    uint64_t id; /* larger for one that arrived later */
    int64_t buried_at_s;
    struct str reason; /* what was not published, and why */
    struct str topic;
    struct str payload;     /* empty if it was too long to be a command */
    struct str correlation; /* absent: none */
    struct trace trace;     /* likewise */
    bool is_notice;         /* otherwise a command */
    enum side from;         /* the broker it came by */
    int64_t arrived_at_ms;
    int64_t code; /* how the command ended: an enum reject, 0 if accepted */
    struct str message;
};

/* ERR_NOT_FOUND: there is no journal yet; ERR_INVALID: it is of another version. Changes nothing.
 */
nodiscard enum err dead_letter_open(const char *path, struct dead_letters **ret, struct why *why);
/* The same for reading alone: letters cannot be dropped. */
nodiscard enum err dead_letter_open_read(const char *path, struct dead_letters **ret,
                                         struct why *why);
void dead_letter_close(struct dead_letters *letters);

/* The first one after that id (0: of all); ERR_NOT_FOUND behind the last. */
nodiscard enum err dead_letter_next(struct dead_letters *letters, uint64_t after_id,
                                    struct dead_letter *ret, struct why *why);
/* The last one before that id; ERR_NOT_FOUND before the first. */
nodiscard enum err dead_letter_before(struct dead_letters *letters, uint64_t before_id,
                                      struct dead_letter *ret, struct why *why);
nodiscard enum err dead_letter_find(struct dead_letters *letters, uint64_t id,
                                    struct dead_letter *ret, struct why *why);

/* Forgets it, and the command with it. ERR_NOT_FOUND: there is none. */
nodiscard enum err dead_letter_drop(struct dead_letters *letters, uint64_t id, struct why *why);
nodiscard enum err dead_letter_drop_all(struct dead_letters *letters, int64_t *ret_count,
                                        struct why *why);

#endif
