/*
 * store/ is SQLite, which stays in this folder.
 *
 *   store            one connection: opening, migration, transactions (this header)
 *   statement        prepared statements
 *   job_schema       the tables of the embedded endpoint
 *   job_store        its jobs
 *   execution_store  its job executions
 *   status           the states of both, in AWS's words
 *   journal_schema   the tables of the journal
 *   journal          commands, from arrival to the end of the dedupe window
 *   journal_space    how much it may take in, and what it lets go of
 *   dead_letter      what of it could not be answered, for a person to read
 *   writeback        the log on its way to the disk ahead of a sync
 *   reserve          disk space kept for bad times
 *   keep             copies of what was read
 *
 * A connection belongs to one thread at a time. Connections of one process share a file safely:
 * the database is in WAL mode, so readers see the last commit and never wait for the writer.
 * What is read inside a transaction stays valid until the transaction ends.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/why.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct store;

/* What a commit survives. */
enum store_sync {
    STORE_SYNC_FULL,   /* loss of power: one fdatasync a commit */
    STORE_SYNC_NORMAL, /* the end of the process, not of the machine */
};

enum store_access { STORE_READ, STORE_WRITE };

struct store_options {
    const char *path;
    enum store_sync sync;
    enum store_access access;      /* STORE_READ: the database must be there and up to date */
    const char *const *migrations; /* SQL; the n-th (from 0) leads from version n to n + 1 */
    size_t migration_count;
    int64_t bytes_max; /* of the database file; 0: no maximum. Beyond it changes are ERR_FULL */
    uint32_t application_id; /* written to a new database, wanted in an old one; 0: not looked at */
    bool is_checkpointed_by_caller; /* by store_checkpoint; otherwise by SQLite, which keeps silent
                                       about what fails in doing so */
};

/* Opens or creates (0600) the database and brings it to the newest version, whole or not at all.
 * ERR_DAMAGED: no database, or a broken one; ERR_INVALID: one of a newer version, or of another
 * program, which is left as it is; ERR_IO: file or disk. */
nodiscard enum err store_open(const struct store_options *options, struct store **ret,
                              struct why *why);
/* A reader leaves the log to the writers. After an error of the disk it is left as it is as well,
 * for the next one who opens it: what a failed sync has left behind is not to be synced again as if
 * nothing had happened. */
void store_close(struct store *store);

/* Reads the whole database (PRAGMA quick_check). ERR_DAMAGED with what was found in why. */
nodiscard enum err store_check(struct store *store, struct why *why);

/* Renames a closed database, with its log, to <path>.damaged-<now_s> (or the next second that is
 * not taken), which is written to name. */
nodiscard enum err store_set_aside(const char *path, int64_t now_s, char *name, size_t name_max,
                                   struct why *why);

/* A write transaction takes the write lock at once and waits for it up to 5 s. Transactions do not
 * nest. A commit that fails has been rolled back. */
nodiscard enum err store_begin(struct store *store, enum store_access access, struct why *why);
nodiscard enum err store_commit(struct store *store, struct why *why);
void store_rollback(struct store *store); /* fine without a transaction */

/* Copies the log into the database, durably, as far as readers let it. Outside of a transaction. */
nodiscard enum err store_checkpoint(struct store *store, struct why *why);
/* Pages in the log that are not in the database yet, where is_checkpointed_by_caller. */
int64_t store_log_pages(const struct store *store);

/* For the files of store/ only: the handle, and a result code of SQLite as an error. ERR_FULL: the
 * disk or the maximum is full; ERR_EXISTS: a key is there already; ERR_DOWN: locked for too long.
 */
struct sqlite3 *store_handle(struct store *store);
nodiscard enum err store_error(struct store *store, int code, const char *what, struct why *why);
/* The same of a statement that may not fit the tables that are there. All statements are right, so
 * then it is ERR_DAMAGED. */
nodiscard enum err store_misfit(struct store *store, int code, const char *sql, struct why *why);

#endif
