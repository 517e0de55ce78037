#include "store/statement.h"

#include <sqlite3.h>

enum err statement_prepare(struct store *store, const char *const *sql, size_t count,
                           struct statement *statements, struct why *why)
{
    for (size_t i = 0; i < count; i++) {
        statements[i] = (struct statement){.store = store};
        int code = sqlite3_prepare_v3(store_handle(store), sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &statements[i].p, NULL);
        if (code != SQLITE_OK) {
            enum err err = store_misfit(store, code, sql[i], why);
            statement_free(statements, i);
            return err;
        }
    }
    return ERR_NONE;
}

void statement_free(struct statement *statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sqlite3_finalize(statements[i].p);
        statements[i] = (struct statement){0};
    }
}

struct statement *statement_start(struct statement *statement)
{
    sqlite3_reset(statement->p); /* repeats the code of the last step, which was told then */
    sqlite3_clear_bindings(statement->p);
    statement->bind_code = SQLITE_OK;
    return statement;
}

static void note(struct statement *statement, int code)
{
    if (statement->bind_code == SQLITE_OK)
        statement->bind_code = code;
}

void statement_set_str(struct statement *statement, int at, struct str value)
{
    if (str_is_absent(value))
        note(statement, sqlite3_bind_null(statement->p, at));
    else
        note(statement,
             sqlite3_bind_text64(statement->p, at, value.p, value.n, SQLITE_STATIC, SQLITE_UTF8));
}

void statement_set_bytes(struct statement *statement, int at, struct str value)
{
    if (str_is_absent(value))
        note(statement, sqlite3_bind_null(statement->p, at));
    else
        note(statement, sqlite3_bind_blob64(statement->p, at, value.p, value.n, SQLITE_STATIC));
}

void statement_set_text(struct statement *statement, int at, const char *value)
{
    statement_set_str(statement, at, str_of(value));
}

void statement_set_int(struct statement *statement, int at, int64_t value)
{
    note(statement, sqlite3_bind_int64(statement->p, at, value));
}

static int step(struct statement *statement)
{
    return statement->bind_code == SQLITE_OK ? sqlite3_step(statement->p) : statement->bind_code;
}

static enum err fail(struct statement *statement, int code, struct why *why)
{
    enum err err = store_error(statement->store, code, sqlite3_sql(statement->p), why);
    sqlite3_reset(statement->p);
    return err;
}

enum err statement_row(struct statement *statement, struct why *why)
{
    int code = step(statement);
    if (code == SQLITE_ROW)
        return ERR_NONE;
    if (code != SQLITE_DONE)
        return fail(statement, code, why);
    sqlite3_reset(statement->p);
    return ERR_NOT_FOUND;
}

enum err statement_run(struct statement *statement, struct why *why)
{
    int code = step(statement);
    if (code != SQLITE_DONE)
        return fail(statement, code, why);
    sqlite3_reset(statement->p);
    return ERR_NONE;
}

struct str statement_str(const struct statement *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement->p, column);
    if (text == NULL)
        return STR_NONE;
    return (struct str){text, (size_t)sqlite3_column_bytes(statement->p, column)};
}

/* SQLite gives a NULL pointer for no bytes, too. */
struct str statement_bytes(const struct statement *statement, int column)
{
    if (sqlite3_column_type(statement->p, column) == SQLITE_NULL)
        return STR_NONE;
    const char *bytes = sqlite3_column_blob(statement->p, column);
    size_t n = (size_t)sqlite3_column_bytes(statement->p, column);
    return (struct str){bytes != NULL ? bytes : "", n};
}

int64_t statement_int(const struct statement *statement, int column)
{
    return sqlite3_column_int64(statement->p, column);
}

int64_t statement_int_or(const struct statement *statement, int column, int64_t if_null)
{
    return sqlite3_column_type(statement->p, column) == SQLITE_NULL
               ? if_null
               : sqlite3_column_int64(statement->p, column);
}

int64_t statement_changes(const struct statement *statement)
{
    return sqlite3_changes64(store_handle(statement->store));
}

int64_t statement_last_key(const struct statement *statement)
{
    return sqlite3_last_insert_rowid(store_handle(statement->store));
}
