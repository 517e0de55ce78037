/*
 * The journal: every command taken in, until its answer is with the broker and the dedupe window is
 * over. One SQLite database, one writer, one transaction a turn. It is port_journal, by these very
 * functions, with the journal as their context; the contract is said there.
 *
 * What it takes in and lets go of is in journal_space.h. Beside the database it keeps a reserve
 * file of JOURNAL_SPACE_RESERVE_BYTES, given up when the disk is full and taken back when it no
 * longer is. LIMITS_DEAD_LETTERS is the most dead letters it keeps.
 *
 * A failure of any function is for good: all later ones fail alike, and what was not committed is
 * lost. A disk that could not sync is written to again only by another journal_open, which first
 * copies what the log holds into the database anew.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "base/histogram.h"
#include "bridge/port.h"
#include "store/store.h"

struct journal;

struct journal_stats {
    uint64_t commits;
    struct histogram commit_latency;
    uint64_t unfinished; /* commands whose answer and events are not all with the broker */
    uint64_t bytes;      /* used, of the database and its log */
    uint64_t bytes_max;  /* of the database */
};

struct journal_options {
    const char *path;
    enum store_sync sync;
    int64_t bytes_max;
    int64_t window_ms;          /* dedupe window */
    struct journal_stats stats; /* of an earlier one of the same run: its commits are counted on */
};

/* Checks the whole file, unless the last journal_close was clean. One that is damaged (no
 * database, one that does not hold together, tables or rows that no journal makes, an empty file)
 * is renamed to <path>.damaged-<epoch seconds>; its new name is then in set_aside ("" otherwise),
 * and a new journal is begun. ERR_INVALID: it is of a newer version or of another program, and
 * stays as it is. ERR_IO, ERR_FULL: it cannot be used now. */
nodiscard enum err journal_open(const struct journal_options *options, struct journal **ret,
                                char *set_aside, size_t set_aside_max, struct why *why);
void journal_close(struct journal *journal); /* what was not committed is lost */

struct journal_stats journal_stats(const struct journal *journal);
/* Counts the dead letters, which others may have dropped. */
nodiscard enum err journal_count_dead(struct journal *journal, uint64_t *ret, struct why *why);

enum err journal_add(void *context, const struct journal_entry *entry, struct why *why);
enum err journal_decide(void *context, uint64_t seq, const struct ending *ending, struct why *why);
enum err journal_finish(void *context, uint64_t seq, struct why *why);
enum err journal_bury(void *context, uint64_t seq, struct str reason, int64_t wall_ms,
                      struct why *why);
enum err journal_find(void *context, const struct journal_entry *like, int64_t wall_ms,
                      struct journal_entry *ret, struct why *why);
enum err journal_commit(void *context, int64_t wall_ms, struct why *why);
bool journal_has_room(void *context);
void journal_totals(void *context, struct journal_totals *ret);
enum err journal_each(void *context, journal_visit_fn *visit, void *visit_context, struct why *why);

/* It is port_memory as well. */
enum err journal_remember(void *context, struct str job, struct str text, struct why *why);
enum err journal_each_memory(void *context, memory_visit_fn *visit, void *visit_context,
                             struct why *why);

#endif
