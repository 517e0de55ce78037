#include "store/journal.h"

#include "base/buf.h"
#include "base/now.h"
#include "base/siphash.h"
#include "store/journal_schema.h"
#include "store/reserve.h"
#include "store/statement.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A commit collects this many more than were added since the last one: it never falls behind, and
 * never takes long. */
#define COLLECT_EXTRA 32

#define ENTRY                                                                                      \
    "seq, state, topic, payload, response_topic, correlation, repeat_of, qos, arrived_at_ms, "     \
    "expires_at_ms, code, field, message, request_id, retry_after_s, decided_at_s, latency_ms, "   \
    "attempts, shared_by"

enum {
    ADD,
    DECIDE,
    FINISH,
    BURY,
    FIND,
    EACH,
    COLLECT,
    COLLECT_OLDEST,
    READ_BOOKS,
    WRITE_BOOKS,
    PAGES,
    FREE_PAGES,
    MAX_PAGES,
    SQL_COUNT
};

static const char *const sql[SQL_COUNT] = {
    [ADD] = "INSERT INTO commands (" ENTRY ", repeat_hash) VALUES"
            " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
            " ?19, ?20)",
    [DECIDE] = "UPDATE commands SET state = 1, code = ?11, field = ?12, message = ?13,"
               " request_id = ?14, retry_after_s = ?15, decided_at_s = ?16, latency_ms = ?17,"
               " attempts = ?18, shared_by = ?19 WHERE seq = ?1",
    [FINISH] = "UPDATE commands SET state = 2 WHERE seq = ?1",
    [BURY] = "INSERT INTO dead (buried_at_s, reason, seq, topic, payload, code)"
             " SELECT ?3, ?2, seq, topic, payload, code FROM commands WHERE seq = ?1",
    [FIND] = "SELECT " ENTRY " FROM commands WHERE repeat_hash = ?1 AND topic = ?2"
             " AND repeat_of IS ?3 AND (?3 IS NOT NULL OR payload = ?4) AND arrived_at_ms >= ?5"
             " ORDER BY seq DESC LIMIT 1",
    [EACH] = "SELECT " ENTRY " FROM commands WHERE state < 2 ORDER BY seq",
    [COLLECT] = "DELETE FROM commands WHERE seq IN (SELECT seq FROM commands"
                " WHERE state = 2 AND decided_at_s < ?1 ORDER BY decided_at_s LIMIT ?2)",
    [COLLECT_OLDEST] = "DELETE FROM commands WHERE seq IN (SELECT seq FROM commands"
                       " WHERE state = 2 ORDER BY decided_at_s LIMIT ?1)",
    [READ_BOOKS] = "SELECT received, accepted, rejected, next_seq, secret FROM books",
    [WRITE_BOOKS] = "UPDATE books SET received = ?1, accepted = ?2, rejected = ?3, next_seq = ?4",
    [PAGES] = "PRAGMA page_count",
    [FREE_PAGES] = "PRAGMA freelist_count",
    [MAX_PAGES] = "PRAGMA max_page_count",
};

struct journal {
    struct store *store;
    struct statement statements[SQL_COUNT];
    struct journal_totals totals;
    struct siphash_key secret;
    struct buf identity; /* scratch: what the repeat hash is made of */
    struct reserve *reserve;
    int64_t window_ms;
    int64_t max_pages;
    int64_t used_pages;
    int64_t added; /* commands since the last collection */
    bool is_writing;
};

static struct statement *start(struct journal *journal, int which)
{
    return statement_start(&journal->statements[which]);
}

static enum err begin(struct journal *journal, struct why *why)
{
    if (journal->is_writing)
        return ERR_NONE;
    enum err err = store_begin(journal->store, STORE_WRITE, why);
    journal->is_writing = err == ERR_NONE;
    return err;
}

static int64_t hash_of(struct journal *journal, const struct journal_entry *entry)
{
    bool has_id = !str_is_absent(entry->repeat_of);
    buf_clear(&journal->identity);
    buf_add(&journal->identity, entry->topic);
    buf_add_byte(&journal->identity, has_id ? 'i' : 'p');
    buf_add(&journal->identity, has_id ? entry->repeat_of : entry->payload);
    return (int64_t)siphash_of(&journal->secret, buf_str(&journal->identity));
}

static void set_ending(struct statement *statement, const struct ending *ending)
{
    statement_set_int(statement, 11, ending->code);
    statement_set_str(statement, 12, ending->field);
    statement_set_str(statement, 13, ending->message);
    statement_set_str(statement, 14, ending->request_id);
    statement_set_int(statement, 15, ending->retry_after_s);
    statement_set_int(statement, 16, ending->decided_at_s);
    statement_set_int(statement, 17, ending->latency_ms);
    statement_set_int(statement, 18, ending->attempts);
    statement_set_int(statement, 19, ending->shared_by);
}

static void count_decision(struct journal *journal, const struct ending *ending)
{
    if (ending->code == 0)
        journal->totals.accepted++;
    else
        journal->totals.rejected++;
}

enum err journal_add(void *context, const struct journal_entry *entry, struct why *why)
{
    struct journal *journal = context;
    enum err err = begin(journal, why);
    if (err != ERR_NONE)
        return err;
    struct statement *add = start(journal, ADD);
    statement_set_int(add, 1, (int64_t)entry->seq);
    statement_set_int(add, 2, entry->state);
    statement_set_str(add, 3, entry->topic);
    statement_set_bytes(add, 4, entry->payload);
    statement_set_str(add, 5, entry->response_topic);
    statement_set_bytes(add, 6, entry->correlation);
    statement_set_bytes(add, 7, entry->repeat_of);
    statement_set_int(add, 8, entry->qos);
    statement_set_int(add, 9, entry->arrived_at_ms);
    statement_set_int(add, 10, entry->expires_at_ms);
    statement_set_int(add, 20, hash_of(journal, entry));
    if (entry->state != JOURNAL_OPEN)
        set_ending(add, &entry->ending);
    err = statement_run(add, why);
    if (err != ERR_NONE)
        return err;
    journal->totals.received++;
    journal->totals.next_seq = entry->seq + 1;
    journal->added++;
    if (entry->state != JOURNAL_OPEN)
        count_decision(journal, &entry->ending);
    return ERR_NONE;
}

/* Runs a change of one command, which must be there. */
static enum err change(struct journal *journal, struct statement *statement, struct why *why)
{
    enum err err = statement_run(statement, why);
    if (err == ERR_NONE && statement_changes(&journal->statements[DECIDE]) != 1)
        return why_set(why, ERR_IO, NULL, "a command is missing in the journal");
    return err;
}

enum err journal_decide(void *context, uint64_t seq, const struct ending *ending, struct why *why)
{
    struct journal *journal = context;
    enum err err = begin(journal, why);
    if (err != ERR_NONE)
        return err;
    struct statement *decide = start(journal, DECIDE);
    statement_set_int(decide, 1, (int64_t)seq);
    set_ending(decide, ending);
    err = change(journal, decide, why);
    if (err == ERR_NONE)
        count_decision(journal, ending);
    return err;
}

enum err journal_finish(void *context, uint64_t seq, struct why *why)
{
    struct journal *journal = context;
    enum err err = begin(journal, why);
    if (err != ERR_NONE)
        return err;
    struct statement *finish = start(journal, FINISH);
    statement_set_int(finish, 1, (int64_t)seq);
    return change(journal, finish, why);
}

enum err journal_bury(void *context, uint64_t seq, struct str reason, int64_t wall_ms,
                      struct why *why)
{
    struct journal *journal = context;
    enum err err = begin(journal, why);
    if (err != ERR_NONE)
        return err;
    struct statement *bury = start(journal, BURY);
    statement_set_int(bury, 1, (int64_t)seq);
    statement_set_str(bury, 2, reason);
    statement_set_int(bury, 3, wall_ms / 1000);
    return change(journal, bury, why);
}

static void read_entry(struct statement *row, struct journal_entry *ret)
{
    *ret = (struct journal_entry){
        .seq = (uint64_t)statement_int(row, 0),
        .state = (enum journal_state)statement_int(row, 1),
        .topic = statement_str(row, 2),
        .payload = statement_bytes(row, 3),
        .response_topic = statement_str(row, 4),
        .correlation = statement_bytes(row, 5),
        .repeat_of = statement_bytes(row, 6),
        .qos = statement_int(row, 7),
        .arrived_at_ms = statement_int(row, 8),
        .expires_at_ms = statement_int(row, 9),
        .ending =
            {
                .code = statement_int(row, 10),
                .field = statement_str(row, 11),
                .message = statement_str(row, 12),
                .request_id = statement_str(row, 13),
                .retry_after_s = statement_int_or(row, 14, -1),
                .decided_at_s = statement_int(row, 15),
                .latency_ms = statement_int(row, 16),
                .attempts = statement_int(row, 17),
                .shared_by = statement_int(row, 18),
            },
    };
}

enum err journal_find(void *context, const struct journal_entry *like, int64_t wall_ms,
                      struct journal_entry *ret, struct why *why)
{
    struct journal *journal = context;
    struct statement *find = start(journal, FIND);
    statement_set_int(find, 1, hash_of(journal, like));
    statement_set_str(find, 2, like->topic);
    statement_set_bytes(find, 3, like->repeat_of);
    statement_set_bytes(find, 4, like->payload);
    statement_set_int(find, 5, wall_ms - journal->window_ms);
    enum err err = statement_row(find, why);
    if (err == ERR_NONE)
        read_entry(find, ret);
    return err;
}

enum err journal_each(void *context, journal_visit_fn *visit, void *visit_context, struct why *why)
{
    struct journal *journal = context;
    struct statement *each = start(journal, EACH);
    enum err err;
    while ((err = statement_row(each, why)) == ERR_NONE) {
        struct journal_entry entry;
        read_entry(each, &entry);
        err = visit(visit_context, &entry);
        if (err != ERR_NONE)
            return err;
    }
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static enum err ask(struct journal *journal, int which, int64_t *ret, struct why *why)
{
    struct statement *question = start(journal, which);
    enum err err = statement_row(question, why);
    if (err != ERR_NONE)
        return err;
    *ret = statement_int(question, 0);
    (void)statement_start(question);
    return ERR_NONE;
}

static enum err measure(struct journal *journal, struct why *why)
{
    int64_t pages = 0;
    int64_t free_pages = 0;
    enum err err = ask(journal, PAGES, &pages, why);
    if (err == ERR_NONE)
        err = ask(journal, FREE_PAGES, &free_pages, why);
    if (err == ERR_NONE)
        journal->used_pages = pages - free_pages;
    return err;
}

static bool is_nearly_full(const struct journal *journal)
{
    return journal->used_pages > journal->max_pages - journal->max_pages / JOURNAL_RESERVE_PART;
}

/* What has left the window goes; when space runs short, the oldest answered ones go before. */
static enum err collect(struct journal *journal, int64_t wall_ms, struct why *why)
{
    struct statement *collect = start(journal, COLLECT);
    statement_set_int(collect, 1, (wall_ms - journal->window_ms) / 1000);
    statement_set_int(collect, 2, journal->added * 2 + COLLECT_EXTRA);
    enum err err = statement_run(collect, why);
    if (err == ERR_NONE && is_nearly_full(journal)) {
        struct statement *oldest = start(journal, COLLECT_OLDEST);
        statement_set_int(oldest, 1, journal->added * 2 + COLLECT_EXTRA);
        err = statement_run(oldest, why);
    }
    journal->added = 0;
    return err;
}

static enum err write_books(struct journal *journal, struct why *why)
{
    struct statement *books = start(journal, WRITE_BOOKS);
    statement_set_int(books, 1, (int64_t)journal->totals.received);
    statement_set_int(books, 2, (int64_t)journal->totals.accepted);
    statement_set_int(books, 3, (int64_t)journal->totals.rejected);
    statement_set_int(books, 4, (int64_t)journal->totals.next_seq);
    return statement_run(books, why);
}

enum err journal_commit(void *context, int64_t wall_ms, struct why *why)
{
    struct journal *journal = context;
    if (!journal->is_writing)
        return ERR_NONE;
    enum err err = collect(journal, wall_ms, why);
    if (err == ERR_NONE)
        err = write_books(journal, why);
    if (err == ERR_NONE)
        err = measure(journal, why);
    if (err == ERR_NONE)
        err = store_commit(journal->store, why);
    journal->is_writing = false;
    if (err == ERR_FULL)
        reserve_release(journal->reserve); /* the next journal opened can be finished with it */
    return err;
}

bool journal_has_room(void *context)
{
    struct journal *journal = context;
    return !is_nearly_full(journal) && reserve_is_held(journal->reserve);
}

void journal_totals(void *context, struct journal_totals *ret)
{
    const struct journal *journal = context;
    *ret = journal->totals;
}

static enum err read_books(struct journal *journal, struct why *why)
{
    struct statement *books = start(journal, READ_BOOKS);
    enum err err = statement_row(books, why);
    if (err != ERR_NONE)
        return err;
    journal->totals = (struct journal_totals){
        .received = (uint64_t)statement_int(books, 0),
        .accepted = (uint64_t)statement_int(books, 1),
        .rejected = (uint64_t)statement_int(books, 2),
        .next_seq = (uint64_t)statement_int(books, 3),
    };
    struct str secret = statement_bytes(books, 4);
    if (secret.n != sizeof journal->secret)
        err = why_set(why, ERR_DAMAGED, NULL, "the secret in table books is damaged");
    else
        memcpy(&journal->secret, secret.p, secret.n);
    (void)statement_start(books);
    return err;
}

static enum err open_once(const struct journal_options *options, struct journal **ret,
                          struct why *why)
{
    struct journal *journal = calloc(1, sizeof(struct journal));
    if (journal == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    journal->window_ms = options->window_ms;
    buf_init(&journal->identity, 1024 * 1024);
    struct store_options store = {
        .path = options->path,
        .sync = options->sync,
        .access = STORE_WRITE,
        .migrations = journal_schema_migrations,
        .migration_count = journal_schema_migration_count,
        .bytes_max = options->bytes_max,
    };
    enum err err = store_open(&store, &journal->store, why);
    if (err == ERR_NONE)
        err = store_check(journal->store, why);
    if (err == ERR_NONE)
        err = statement_prepare(journal->store, sql, SQL_COUNT, journal->statements, why);
    if (err == ERR_NONE)
        err = ask(journal, MAX_PAGES, &journal->max_pages, why);
    if (err == ERR_NONE)
        err = measure(journal, why);
    if (err == ERR_NONE)
        err = read_books(journal, why);
    if (err == ERR_NONE)
        err = reserve_new(options->path, JOURNAL_RESERVE_BYTES, &journal->reserve, why);
    if (err != ERR_NONE) {
        journal_close(journal);
        return err;
    }
    *ret = journal;
    return ERR_NONE;
}

enum err journal_open(const struct journal_options *options, struct journal **ret, char *set_aside,
                      size_t set_aside_max, struct why *why)
{
    set_aside[0] = '\0';
    enum err err = open_once(options, ret, why);
    if (err != ERR_DAMAGED)
        return err;
    err = store_set_aside(options->path, now_wall_ms() / 1000, set_aside, set_aside_max, why);
    return err == ERR_NONE ? open_once(options, ret, why) : err;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->is_writing)
        store_rollback(journal->store);
    statement_free(journal->statements, SQL_COUNT);
    store_close(journal->store);
    reserve_free(journal->reserve);
    buf_fini(&journal->identity);
    free(journal);
}
