/* A journal in a directory of its own, and commands in few words. Every function but those of the
 * port itself fails the test where something fails. */
#ifndef TESTS_STORE_JOURNAL_FILE_H
#define TESTS_STORE_JOURNAL_FILE_H

#include "store/journal.h"
#include "tests/local/scratch.h"

#define JOURNAL_FILE_WALL_MS   INT64_C(1700000000000)
#define JOURNAL_FILE_WINDOW_MS INT64_C(600000)

struct journal_file {
    struct scratch scratch;
    struct journal_options options;
    char path[128];
    char set_aside[256]; /* by the last opening */
    struct journal *journal;
    int64_t wall_ms;      /* when what happens now happens */
    size_t payload_bytes; /* of the command added last, and of the one looked for */
    struct why why;
};

/* The file is not there yet, nor is the journal open. */
void journal_file_init(struct journal_file *file);
void journal_file_fini(struct journal_file *file);

void journal_file_open(struct journal_file *file);
enum err journal_file_try_open(struct journal_file *file);
void journal_file_close(struct journal_file *file);
void journal_file_reopen(struct journal_file *file);
/* As if the process had been killed: a copy of database and log is what the next one opens. */
void journal_file_crash(struct journal_file *file);

/* An open command of job "j" with the token; its seq. */
uint64_t journal_file_add(struct journal_file *file, const char *token);
uint64_t journal_file_add_sized(struct journal_file *file, const char *token, size_t bytes);
void journal_file_decide(struct journal_file *file, uint64_t seq, int64_t code);
void journal_file_finish(struct journal_file *file, uint64_t seq);
void journal_file_commit(struct journal_file *file);
/* One that is added, decided and finished, each with its commit. */
uint64_t journal_file_pass(struct journal_file *file, const char *token);

/* The state of the newest with the token, or -1. */
int journal_file_find(struct journal_file *file, const char *token);
struct journal_totals journal_file_totals(struct journal_file *file);
size_t journal_file_unfinished(struct journal_file *file);
/* A number that a question has for an answer, through a connection of its own. */
int64_t journal_file_ask(struct journal_file *file, const char *sql);

#endif
