/*
 * How much the journal may take in, and what it lets go of: for store/journal.c only. Every change
 * is a part of the caller's transaction.
 *
 * It takes in nothing more unless all of this fits into bytes_max: what is there, an ending for
 * every unfinished command, JOURNAL_SPACE_PART of the maximum, and one more command. So what was
 * taken in can always be finished. Finished commands older than the dedupe window go with the
 * commits; younger ones, and then the oldest dead letters, go when space is short.
 */
#ifndef STORE_JOURNAL_SPACE_H
#define STORE_JOURNAL_SPACE_H

#include "store/repeats.h"
#include "store/store.h"

#define JOURNAL_SPACE_PART          8    /* one eighth */
#define JOURNAL_SPACE_ENDING_BYTES  1024 /* the longest message and field, with what a row needs */
#define JOURNAL_SPACE_RESERVE_BYTES INT64_C(4194304)

/* Of the log, in pages: it is copied into the database from the first on; beyond the second, which
 * it only reaches while somebody reads the database and does not end, nothing more is taken in. */
#define JOURNAL_SPACE_LOG_PAGES     1000
#define JOURNAL_SPACE_LOG_PAGES_MAX 16384

struct journal_space_options {
    const char *path;
    int64_t bytes_max;
    int64_t window_ms;
    struct repeats *repeats; /* what goes, goes there too */
};

struct journal_space;

nodiscard enum err journal_space_new(struct store *store,
                                     const struct journal_space_options *options,
                                     struct journal_space **ret, struct why *why);
void journal_space_free(struct journal_space *space); /* before the store is closed */

/* A command of so many bytes was added; one was finished; one became a dead letter, in place of the
 * oldest if there are as many as may be. */
void journal_space_on_added(struct journal_space *space, size_t bytes);
void journal_space_on_finished(struct journal_space *space, uint64_t seq);
nodiscard enum err journal_space_on_buried(struct journal_space *space, struct why *why);
/* The disk is full: gives up the reserve. */
void journal_space_on_full(struct journal_space *space);
/* The same for a journal that is not open. False: it held none. */
bool journal_space_give_up(const char *path);

/* What is there, with what is to be written at the next commit, and the log. */
int64_t journal_space_bytes(const struct journal_space *space);
int64_t journal_space_unfinished(const struct journal_space *space); /* commands */

/* Lets go of what has left the window, and of more if space is short. Measures again when there may
 * be less, or much is reckoned only. */
nodiscard enum err journal_space_collect(struct journal_space *space, int64_t wall_ms,
                                         struct why *why);

bool journal_space_has_room(struct journal_space *space);
/* There is no room, but collecting may make some. */
bool journal_space_may_gain(const struct journal_space *space);

#endif
