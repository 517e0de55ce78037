#include "store/dead_letter.h"

#include "store/journal_schema.h"
#include "store/keep.h"
#include "store/statement.h"

#include <stdlib.h>
#include <unistd.h>

#define LETTER_MAX ((size_t)1024 * 1024) /* more than topic, payload and texts can be */

#define LETTER                                                                                     \
    "SELECT d.seq, d.buried_at_s, d.reason, c.topic, c.arrived_at_ms, e.code, e.message,"          \
    " c.payload, c.correlation, c.traceparent, c.tracestate, c.origin"                             \
    " FROM dead d JOIN commands c ON c.seq = d.seq"                                                \
    " LEFT JOIN endings e ON e.seq = d.seq"

enum {
    NEXT,
    BEFORE,
    FIND,
    DROP_ENDING,
    DROP_COMMAND,
    DROP,
    DROP_ENDINGS,
    DROP_COMMANDS,
    DROP_ALL,
    SQL_COUNT
};

static const char *const sql[SQL_COUNT] = {
    [NEXT] = LETTER " WHERE d.seq > ?1 ORDER BY d.seq LIMIT 1",
    [BEFORE] = LETTER " WHERE d.seq < ?1 ORDER BY d.seq DESC LIMIT 1",
    [FIND] = LETTER " WHERE d.seq = ?1",
    [DROP_ENDING] = "DELETE FROM endings WHERE seq IN (SELECT seq FROM dead WHERE seq = ?1)",
    [DROP_COMMAND] = "DELETE FROM commands WHERE seq IN (SELECT seq FROM dead WHERE seq = ?1)",
    [DROP] = "DELETE FROM dead WHERE seq = ?1",
    [DROP_ENDINGS] = "DELETE FROM endings WHERE seq IN (SELECT seq FROM dead)",
    [DROP_COMMANDS] = "DELETE FROM commands WHERE seq IN (SELECT seq FROM dead)",
    [DROP_ALL] = "DELETE FROM dead",
};

struct dead_letters {
    struct store *store;
    struct statement statements[SQL_COUNT];
    struct buf kept; /* what the letter last read points into */
};

static struct statement *start(struct dead_letters *letters, int which)
{
    return statement_start(&letters->statements[which]);
}

static struct store_options options_of(const char *path, enum store_access access)
{
    return (struct store_options){
        .path = path,
        .sync = STORE_SYNC_FULL,
        .access = access,
        .migrations = journal_schema_migrations,
        .migration_count = journal_schema_migration_count,
        .application_id = JOURNAL_SCHEMA_APPLICATION_ID,
        .is_checkpointed_by_caller = true,
    };
}

/* As a reader first, who cannot bring an older journal up to date under the feet of its service. */
static enum err check(const char *path, struct why *why)
{
    struct store *store = NULL;
    struct store_options options = options_of(path, STORE_READ);
    if (access(path, F_OK) != 0)
        return why_set(why, ERR_NOT_FOUND, NULL, "%s: there is no journal yet", path);
    enum err err = store_open(&options, &store, why);
    store_close(store);
    return err;
}

static enum err open_as(const char *path, enum store_access access, struct dead_letters **ret,
                        struct why *why)
{
    struct dead_letters *letters = NULL;
    struct store_options options = options_of(path, access);
    enum err err = check(path, why);
    if (err != ERR_NONE)
        return err;
    letters = calloc(1, sizeof *letters);
    if (letters == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    buf_init(&letters->kept, LETTER_MAX);
    err = store_open(&options, &letters->store, why);
    if (err == ERR_NONE)
        err = statement_prepare(letters->store, sql, SQL_COUNT, letters->statements, why);
    if (err != ERR_NONE)
        goto fail;
    *ret = letters;
    return ERR_NONE;
fail:
    dead_letter_close(letters);
    return err;
}

enum err dead_letter_open(const char *path, struct dead_letters **ret, struct why *why)
{
    return open_as(path, STORE_WRITE, ret, why);
}

enum err dead_letter_open_read(const char *path, struct dead_letters **ret, struct why *why)
{
    return open_as(path, STORE_READ, ret, why);
}

void dead_letter_close(struct dead_letters *letters)
{
    if (letters == NULL)
        return;
    statement_free(letters->statements, SQL_COUNT);
    store_close(letters->store);
    buf_fini(&letters->kept);
    free(letters);
}

static enum err read_letter(struct dead_letters *letters, int which, uint64_t id,
                            struct dead_letter *ret, struct why *why)
{
    struct statement *row = start(letters, which);
    statement_set_int(row, 1, (int64_t)id);
    enum err err = statement_row(row, why);
    if (err != ERR_NONE)
        return err;
    struct dead_letter letter = {
        .id = (uint64_t)statement_int(row, 0),
        .buried_at_s = statement_int(row, 1),
        .reason = statement_str(row, 2),
        .topic = statement_str(row, 3),
        .arrived_at_ms = statement_int(row, 4),
        .code = statement_int(row, 5),
        .message = statement_str(row, 6),
        .payload = statement_bytes(row, 7),
        .correlation = statement_bytes(row, 8),
        .trace = {.parent = statement_str(row, 9), .state = statement_str(row, 10)},
        .is_notice = statement_int(row, 11) == JOURNAL_ORIGIN_NOTICE,
        .from = statement_int(row, 11) == JOURNAL_ORIGIN_COMMAND ? SIDE_LOCAL : SIDE_UPSTREAM,
    };
    struct str *const texts[] = {&letter.reason,     &letter.topic,       &letter.message,
                                 &letter.payload,    &letter.correlation, &letter.trace.parent,
                                 &letter.trace.state};
    err = keep_texts(&letters->kept, texts, COUNT_OF(texts), why);
    (void)statement_start(row);
    if (err == ERR_NONE)
        *ret = letter;
    return err;
}

enum err dead_letter_next(struct dead_letters *letters, uint64_t after_id, struct dead_letter *ret,
                          struct why *why)
{
    return read_letter(letters, NEXT, after_id, ret, why);
}

enum err dead_letter_before(struct dead_letters *letters, uint64_t before_id,
                            struct dead_letter *ret, struct why *why)
{
    return read_letter(letters, BEFORE, before_id, ret, why);
}

enum err dead_letter_find(struct dead_letters *letters, uint64_t id, struct dead_letter *ret,
                          struct why *why)
{
    enum err err = read_letter(letters, FIND, id, ret, why);
    if (err == ERR_NOT_FOUND)
        (void)why_set(why, err, NULL, "there is no dead letter %llu", (unsigned long long)id);
    return err;
}

/* Runs the statements in one transaction; id may mean nothing to them. ret_count: what the last one
 * deleted. */
static enum err run_all(struct dead_letters *letters, const int *which, size_t count, uint64_t id,
                        int64_t *ret_count, struct why *why)
{
    int64_t changes = 0;
    enum err err = store_begin(letters->store, STORE_WRITE, why);
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        struct statement *statement = start(letters, which[i]);
        if (id != 0)
            statement_set_int(statement, 1, (int64_t)id);
        err = statement_run(statement, why);
        changes = statement_changes(statement);
    }
    if (err == ERR_NONE)
        err = store_commit(letters->store, why);
    else
        store_rollback(letters->store);
    if (err == ERR_NONE)
        *ret_count = changes;
    return err;
}

enum err dead_letter_drop(struct dead_letters *letters, uint64_t id, struct why *why)
{
    static const int which[] = {DROP_ENDING, DROP_COMMAND, DROP};
    int64_t count = 0;
    enum err err = run_all(letters, which, COUNT_OF(which), id, &count, why);
    if (err == ERR_NONE && count == 0)
        return why_set(why, ERR_NOT_FOUND, NULL, "there is no dead letter %llu",
                       (unsigned long long)id);
    return err;
}

enum err dead_letter_drop_all(struct dead_letters *letters, int64_t *ret_count, struct why *why)
{
    static const int which[] = {DROP_ENDINGS, DROP_COMMANDS, DROP_ALL};
    return run_all(letters, which, COUNT_OF(which), 0, ret_count, why);
}
