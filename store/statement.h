/*
 * A prepared statement: start, arguments in any order, then run or row after row.
 *
 * Arguments count from 1 and columns from 0, as in SQLite. An argument is not copied: it lives
 * until the statement's last step. A failed binding is told by the step that follows. What a
 * column holds is valid until the next step or start, or the end of the transaction.
 */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include "base/str.h"
#include "store/store.h"

struct sqlite3_stmt;

struct statement {
    struct store *store;
    struct sqlite3_stmt *p;
    int bind_code;
};

/* Prepares statements[i] from sql[i]. On failure none is left behind. ERR_DAMAGED: a table or a
 * column is not there. */
nodiscard enum err statement_prepare(struct store *store, const char *const *sql, size_t count,
                                     struct statement *statements, struct why *why);
void statement_free(struct statement *statements, size_t count); /* fine if zeroed */

struct statement *statement_start(struct statement *statement);
void statement_set_str(struct statement *statement, int at, struct str value); /* absent: NULL */
void statement_set_text(struct statement *statement, int at, const char *value);
void statement_set_bytes(struct statement *statement, int at, struct str value); /* absent: NULL */
void statement_set_int(struct statement *statement, int at, int64_t value);

/* The next row; ERR_NOT_FOUND after the last one. */
nodiscard enum err statement_row(struct statement *statement, struct why *why);
/* A change, without rows. */
nodiscard enum err statement_run(struct statement *statement, struct why *why);

struct str statement_str(const struct statement *statement, int column);   /* NULL: absent */
struct str statement_bytes(const struct statement *statement, int column); /* NULL: absent */
int64_t statement_int(const struct statement *statement, int column);
int64_t statement_int_or(const struct statement *statement, int column, int64_t if_null);

/* Of the connection: rows that the last change touched; key of the last row inserted. */
int64_t statement_changes(const struct statement *statement);
int64_t statement_last_key(const struct statement *statement);

#endif
