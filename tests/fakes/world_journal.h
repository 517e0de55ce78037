/*
 * The journal of the scripted world: port_journal in memory. What was not committed is gone after a
 * crash, as on a disk; failures come when told to.
 *
 * A command is known by the number in its Correlation Data ("c7"), or, where it has none, by the
 * number that is being delivered.
 */
#ifndef FAKES_WORLD_JOURNAL_H
#define FAKES_WORLD_JOURNAL_H

#include "base/map.h"
#include "bridge/port.h"

#define WORLD_JOURNAL_WINDOW_MS 600000
#define WORLD_NOBODY            SIZE_MAX

struct world_row {
    struct journal_entry entry; /* its texts are its own */
    size_t number;
    int committed; /* the state that a crash leaves; -1: none */
    char *key;     /* what a repeat of it has in common with it */
    char *buried;  /* as a dead letter, with this reason; NULL: not */
};

/* An arrival that was found to repeat a row. */
struct world_repeat {
    size_t number;
    size_t place;
};

struct world_journal {
    struct world_row *rows; /* in order of arrival */
    size_t count;
    size_t capacity;
    struct map newest; /* by key */
    struct world_repeat *repeats;
    size_t repeat_count;
    size_t repeat_capacity;
    size_t *changed; /* places of rows, since the last commit */
    size_t changed_count;
    size_t changed_capacity;
    size_t notices; /* added in this life of the bridge */
    struct journal_totals totals;
    struct journal_totals committed;
    size_t delivering; /* number of the arrival that the bridge is being told of; or nobody */
    bool is_failed;

    bool is_full;          /* has no room */
    unsigned fails_in;     /* the n-th change from now fails (1: the next); 0: none */
    unsigned commit_fails; /* so many of the next commits fail */
    size_t commit_count;
};

void world_journal_init(struct world_journal *journal);
void world_journal_fini(struct world_journal *journal);
struct port_journal world_journal_port(struct world_journal *journal);

/* What a new process finds. */
void world_journal_crash(struct world_journal *journal);

/* The command's row, committed or not; NULL: none. */
const struct world_row *world_journal_row(const struct world_journal *journal, size_t number);
/* The same, or the row that it was last found to repeat. */
const struct world_row *world_journal_answerer(const struct world_journal *journal, size_t number);

#endif
