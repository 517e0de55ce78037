#include "store/store.h"

#include "store/statement.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000
#define PAGE_BYTES      4096
#define WAL_BYTES_KEPT  (4 * 1024 * 1024) /* a log that grew larger is cut after its checkpoint */

/* What is run again and again. */
enum { BEGIN_WRITE, COMMIT, TRANSACTION_COUNT };

static const char *const transaction_sql[TRANSACTION_COUNT] = {
    [BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
};

struct store {
    struct sqlite3 *db;
    struct statement transaction[TRANSACTION_COUNT];
    int64_t log_pages;
    bool has_disk_failed;
};

static enum err error_of(int code)
{
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
        return ERR_EXISTS;
    switch (code & 0xff) {
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_NOMEM:
        return ERR_NO_MEMORY;
    case SQLITE_BUSY:
        return ERR_DOWN;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return ERR_DAMAGED;
    default:
        return ERR_IO;
    }
}

enum err store_error(struct store *store, int code, const char *what, struct why *why)
{
    const char *text = store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);
    enum err err = error_of(code);
    if ((code & 0xff) == SQLITE_IOERR)
        store->has_disk_failed = true;
    (void)why_set(why, err, NULL, "%s: %s", what, text);
    return err;
}

enum err store_misfit(struct store *store, int code, const char *sql, struct why *why)
{
    if ((code & 0xff) != SQLITE_ERROR)
        return store_error(store, code, sql, why);
    return why_set(why, ERR_DAMAGED, NULL, "the tables are not as they were made: %s",
                   sqlite3_errmsg(store->db));
}

struct sqlite3 *store_handle(struct store *store)
{
    return store->db;
}

static enum err run(struct store *store, const char *sql, struct why *why)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_NONE : store_error(store, code, sql, why);
}

/* First column of the first row of a question that always has one. */
static enum err ask(struct store *store, const char *sql, struct sqlite3_stmt **ret,
                    struct why *why)
{
    struct sqlite3_stmt *answer = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &answer, NULL);
    if (code != SQLITE_OK)
        return store_misfit(store, code, sql, why);
    code = sqlite3_step(answer);
    if (code == SQLITE_ROW) {
        *ret = answer;
        return ERR_NONE;
    }
    enum err err = store_error(store, code, sql, why);
    sqlite3_finalize(answer);
    return err;
}

static enum err ask_int(struct store *store, const char *sql, int64_t *ret, struct why *why)
{
    struct sqlite3_stmt *answer = NULL;
    enum err err = ask(store, sql, &answer, why);
    if (err != ERR_NONE)
        return err;
    *ret = sqlite3_column_int64(answer, 0);
    sqlite3_finalize(answer);
    return ERR_NONE;
}

static enum err ask_version(struct store *store, int64_t *ret, struct why *why)
{
    return ask_int(store, "PRAGMA user_version", ret, why);
}

/* SQLite would create the file as the umask lets it. Only a file that is not there yet is touched:
 * closing any descriptor of a database drops the locks that this process has on it. */
static enum err create_file(const char *path, struct why *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? ERR_NONE : why_errno(why, "%s", path);
    close(fd);
    return ERR_NONE;
}

static enum err connect_to(struct store *store, const struct store_options *options,
                           struct why *why)
{
    int code =
        sqlite3_open_v2(options->path, &store->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK && options->access == STORE_READ)
        code = sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return code == SQLITE_OK ? ERR_NONE : store_error(store, code, options->path, why);
}

/* The hook takes the place of SQLite's own, which checkpoints. */
static int on_commit(void *context, struct sqlite3 *db, const char *name, int log_pages)
{
    (void)db;
    (void)name;
    struct store *store = context;
    store->log_pages = log_pages;
    return SQLITE_OK;
}

static enum err enter_wal(struct store *store, struct why *why)
{
    struct sqlite3_stmt *answer = NULL;
    enum err err = ask(store, "PRAGMA journal_mode = WAL", &answer, why);
    if (err != ERR_NONE)
        return err;
    const char *mode = (const char *)sqlite3_column_text(answer, 0);
    if (mode == NULL || strcmp(mode, "wal") != 0)
        err = why_set(why, ERR_IO, NULL, "the file system does not allow write-ahead logging");
    sqlite3_finalize(answer);
    return err;
}

static enum err limit_size(struct store *store, int64_t bytes_max, struct why *why)
{
    char sql[64];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA max_page_count = %lld",
                     (long long)(bytes_max / PAGE_BYTES));
    return run(store, sql, why);
}

static enum err configure(struct store *store, const struct store_options *options, struct why *why)
{
    enum err err = run(store,
                       "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;"
                       "PRAGMA temp_store = MEMORY",
                       why);
    if (err == ERR_NONE)
        err = enter_wal(store, why);
    if (err == ERR_NONE)
        err = run(store,
                  options->sync == STORE_SYNC_FULL ? "PRAGMA synchronous = FULL"
                                                   : "PRAGMA synchronous = NORMAL",
                  why);
    if (err == ERR_NONE) {
        char sql[64];
        sqlite3_snprintf(sizeof sql, sql, "PRAGMA journal_size_limit = %d", WAL_BYTES_KEPT);
        err = run(store, sql, why);
    }
    if (err == ERR_NONE && options->bytes_max > 0)
        err = limit_size(store, options->bytes_max, why);
    if (err == ERR_NONE && options->access == STORE_READ)
        err = run(store, "PRAGMA query_only = ON", why);
    if (options->is_checkpointed_by_caller)
        sqlite3_wal_hook(store->db, on_commit, store);
    return err;
}

static enum err run_migrations(struct store *store, const struct store_options *options,
                               int64_t version, struct why *why)
{
    for (size_t i = (size_t)version; i < options->migration_count; i++) {
        int code = sqlite3_exec(store->db, options->migrations[i], NULL, NULL, NULL);
        if (code != SQLITE_OK)
            return store_misfit(store, code, options->migrations[i], why);
    }
    char sql[64];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA user_version = %lld; PRAGMA application_id = %u",
                     (long long)options->migration_count, options->application_id);
    return run(store, sql, why);
}

static enum err check_version(const struct store_options *options, int64_t version, struct why *why)
{
    if (version < 0 || (uint64_t)version > options->migration_count)
        return why_set(why, ERR_INVALID, NULL,
                       "it is of version %lld, this program knows up to %zu", (long long)version,
                       options->migration_count);
    return ERR_NONE;
}

/* The version is read inside the transaction: another process may be migrating too. */
static enum err migrate(struct store *store, const struct store_options *options, struct why *why)
{
    int64_t version = 0;
    enum err err = ask_version(store, &version, why);
    if (err == ERR_NONE && (uint64_t)version == options->migration_count)
        return ERR_NONE;
    if (err == ERR_NONE)
        err = store_begin(store, options->access, why);
    if (err == ERR_NONE)
        err = ask_version(store, &version, why);
    if (err == ERR_NONE)
        err = check_version(options, version, why);
    if (err == ERR_NONE)
        err = run_migrations(store, options, version, why);
    if (err == ERR_NONE)
        err = store_commit(store, why);
    if (err != ERR_NONE)
        store_rollback(store);
    return err;
}

/* Before anything is written: a database that is not ours must stay as it is. */
static enum err check_application(struct store *store, const struct store_options *options,
                                  struct why *why)
{
    int64_t id = 0;
    int64_t tables = 0;
    if (options->application_id == 0)
        return ERR_NONE;
    enum err err = ask_int(store, "PRAGMA application_id", &id, why);
    if (err == ERR_NONE)
        err = ask_int(store, "SELECT count(*) FROM sqlite_schema", &tables, why);
    if (err == ERR_NONE && (tables > 0 || id != 0) && id != options->application_id)
        return why_set(why, ERR_INVALID, NULL, "it is a database of something else");
    return err;
}

/* After the first reading. SQLite writes no file whose header names a format of the future. */
static enum err check_format(struct store *store, const struct store_options *options,
                             struct why *why)
{
    bool is_for_reading = sqlite3_db_readonly(store->db, "main") == 1;
    if (options->access == STORE_WRITE && is_for_reading && access(options->path, W_OK) == 0)
        return why_set(why, ERR_DAMAGED, NULL, "its header says that it cannot be written");
    return ERR_NONE;
}

/* What fails in here is about the file, so its name stands before the reason. */
static enum err prepare(struct store *store, const struct store_options *options, struct why *why)
{
    struct why reason = {0};
    enum err err = check_application(store, options, &reason);
    if (err == ERR_NONE)
        err = check_format(store, options, &reason);
    if (err == ERR_NONE)
        err = configure(store, options, &reason);
    if (err == ERR_NONE)
        err = statement_prepare(store, transaction_sql, TRANSACTION_COUNT, store->transaction,
                                &reason);
    if (err == ERR_NONE)
        err = migrate(store, options, &reason);
    return err == ERR_NONE ? ERR_NONE
                           : why_set(why, err, NULL, "%s: %s", options->path, reason.text);
}

enum err store_open(const struct store_options *options, struct store **ret, struct why *why)
{
    struct store *store = calloc(1, sizeof(struct store));
    if (store == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    enum err err = ERR_NONE;
    if (options->access == STORE_WRITE)
        err = create_file(options->path, why);
    if (err == ERR_NONE)
        err = connect_to(store, options, why);
    if (err == ERR_NONE)
        err = prepare(store, options, why);
    if (err != ERR_NONE)
        goto fail;
    *ret = store;
    return ERR_NONE;
fail:
    store_close(store);
    return err;
}

enum err store_check(struct store *store, struct why *why)
{
    struct sqlite3_stmt *answer = NULL;
    enum err err = ask(store, "PRAGMA quick_check(1)", &answer, why);
    if (err != ERR_NONE)
        return err;
    const char *verdict = (const char *)sqlite3_column_text(answer, 0);
    if (verdict == NULL || strcmp(verdict, "ok") != 0)
        err = why_set(why, ERR_DAMAGED, NULL, "%s", verdict != NULL ? verdict : "no verdict");
    sqlite3_finalize(answer);
    return err;
}

/* Statements that their owner forgot keep the connection open: that is a programmer's error, which
 * the leak checker sees. */
void store_close(struct store *store)
{
    if (store == NULL)
        return;
    statement_free(store->transaction, TRANSACTION_COUNT);
    if (store->has_disk_failed)
        (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close_v2(store->db);
    free(store);
}

/* The log and the index belong to the database: they go with it. */
enum err store_set_aside(const char *path, int64_t now_s, char *name, size_t name_max,
                         struct why *why)
{
    static const char *const suffixes[] = {"-wal", "-shm", ""};
    do /* an earlier one of the same second stays */
        snprintf(name, name_max, "%s.damaged-%lld", path, (long long)now_s++);
    while (access(name, F_OK) == 0);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        char from[PATH_MAX];
        char to[PATH_MAX];
        snprintf(from, sizeof from, "%s%s", path, suffixes[i]);
        snprintf(to, sizeof to, "%s%s", name, suffixes[i]);
        if (rename(from, to) != 0 && suffixes[i][0] == '\0')
            return why_errno(why, "cannot set %s aside", path);
    }
    return ERR_NONE;
}

/* A statement that is not reset keeps its transaction, and with it the log, alive. */
static void reset_statements(struct store *store)
{
    struct sqlite3_stmt *statement = NULL;
    while ((statement = sqlite3_next_stmt(store->db, statement)) != NULL)
        if (sqlite3_stmt_busy(statement))
            sqlite3_reset(statement);
}

enum err store_begin(struct store *store, enum store_access access, struct why *why)
{
    return access == STORE_WRITE ? statement_run(&store->transaction[BEGIN_WRITE], why)
                                 : run(store, "BEGIN", why);
}

enum err store_commit(struct store *store, struct why *why)
{
    reset_statements(store);
    enum err err = statement_run(&store->transaction[COMMIT], why);
    if (err != ERR_NONE)
        store_rollback(store);
    return err;
}

void store_rollback(struct store *store)
{
    reset_statements(store);
    if (sqlite3_get_autocommit(store->db) == 0)
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Busy: another connection is doing it. */
enum err store_checkpoint(struct store *store, struct why *why)
{
    int in_log = 0;
    int copied = 0;
    int code =
        sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        return store_error(store, code, "checkpoint", why);
    store->log_pages = code == SQLITE_OK ? in_log - copied : store->log_pages;
    return ERR_NONE;
}

int64_t store_log_pages(const struct store *store)
{
    return store->log_pages;
}
