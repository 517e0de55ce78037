#include "store/journal.h"

#include "base/buf.h"
#include "base/now.h"
#include "base/siphash.h"
#include "store/journal_row.h"
#include "store/journal_schema.h"
#include "store/journal_space.h"
#include "store/repeats.h"
#include "store/statement.h"
#include "store/writeback.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Of a command that was found: more than its topic, payload and ending can be. */
#define FOUND_MAX      ((size_t)1024 * 1024)
#define PAGE_BYTES_MIN 512
/* How often has_room collects in search of room. */
#define GAIN_TRIES 16

/* No seq is higher, whatever table it is in. */
#define LAST(table) ", ifnull((SELECT max(seq) FROM " table "), 0)"
#define LAST_SEQ    "max(0" LAST("commands") LAST("endings") LAST("unfinished") LAST("dead") ")"

enum {
    ADD,
    ADD_UNFINISHED,
    DECIDE,
    FINISH,
    BURY,
    FIND,
    EACH,
    EVERY,
    EVERY_HASH,
    READ_BOOKS,
    WRITE_BOOKS,
    WRITE_CLEAN,
    REMEMBER,
    FORGET,
    EACH_MEMORY,
    COUNT_DEAD,
    SQL_COUNT
};

static const char *const sql[SQL_COUNT] = {
    [ADD] = JOURNAL_ROW_ADD,
    [ADD_UNFINISHED] = "INSERT INTO unfinished VALUES (?1)",
    [DECIDE] = JOURNAL_ROW_DECIDE,
    [FINISH] = "DELETE FROM unfinished WHERE seq = ?1",
    [BURY] = "INSERT INTO dead VALUES (?1, ?2, ?3)",
    [FIND] = JOURNAL_ROW_SELECT " WHERE c.seq = ?1 AND c.topic = ?2 AND c.repeat_of IS ?3"
                                " AND c.payload = ?4"
                                " AND (c.arrived_at_ms BETWEEN ?5 AND ?6 OR u.seq IS NOT NULL)",
    [EACH] = JOURNAL_ROW_SELECT " WHERE c.seq IN (SELECT seq FROM unfinished) ORDER BY c.seq",
    [EVERY] = JOURNAL_ROW_SELECT " ORDER BY c.seq",
    [EVERY_HASH] = "SELECT seq, repeat_hash FROM commands ORDER BY seq",
    [READ_BOOKS] =
        "SELECT received, accepted, rejected, next_seq, is_clean, secret, " LAST_SEQ " FROM books",
    /* By its key: SQLite readies itself for more than one row otherwise. */
    [WRITE_BOOKS] = "UPDATE books"
                    " SET received = ?1, accepted = ?2, rejected = ?3, next_seq = ?4"
                    " WHERE id = 1",
    [WRITE_CLEAN] = "UPDATE books SET is_clean = ?1",
    [REMEMBER] = "INSERT OR REPLACE INTO memories (job, text) VALUES (?1, ?2)",
    [FORGET] = "DELETE FROM memories WHERE job = ?1",
    [EACH_MEMORY] = "SELECT job, text FROM memories ORDER BY id",
    [COUNT_DEAD] = "SELECT count(*) FROM dead",
};

struct journal {
    struct store *store;
    struct statement statements[SQL_COUNT];
    struct journal_space *space;
    struct repeats repeats;
    struct writeback writeback;
    int64_t window_ms;
    int64_t bytes_max;
    uint64_t commits;
    struct histogram commit_latency;
    struct journal_totals totals;
    struct siphash_key secret;
    struct buf found; /* what the entry of journal_find points into */
    bool is_writing;
    bool has_news;  /* totals that are not in the books yet */
    bool was_clean; /* the last close, according to the books */
    bool is_open;   /* so its close may be a clean one */
    enum err failed;
    struct why failed_why;
};

static struct statement *start(struct journal *journal, int which)
{
    return statement_start(&journal->statements[which]);
}

/* Every failure passes through here, the first one for good. */
static enum err note(struct journal *journal, enum err err, struct why *why)
{
    if (err == ERR_NONE || err == ERR_NOT_FOUND)
        return err;
    if (journal->failed == ERR_NONE) {
        journal->failed = err;
        if (why != NULL)
            journal->failed_why = *why;
        if (err == ERR_FULL)
            journal_space_on_full(journal->space);
    }
    return err;
}

static enum err begin(struct journal *journal, struct why *why)
{
    if (journal->failed != ERR_NONE)
        return why_set(why, journal->failed, NULL, "%s", journal->failed_why.text);
    if (journal->is_writing)
        return ERR_NONE;
    enum err err = store_begin(journal->store, STORE_WRITE, why);
    journal->is_writing = err == ERR_NONE;
    return err;
}

/* Of what makes two deliveries the same command. An absent repeat_of differs from an empty one. */
static int64_t hash_of(const struct journal *journal, const struct journal_entry *entry)
{
    const uint64_t parts[] = {
        siphash_of(&journal->secret, entry->topic),
        siphash_of(&journal->secret, entry->repeat_of),
        siphash_of(&journal->secret, entry->payload),
        str_is_absent(entry->repeat_of),
    };
    return (int64_t)siphash_of(&journal->secret, (struct str){(const char *)parts, sizeof parts});
}

/* Runs a change of exactly one row, about one command. */
static enum err change(struct journal *journal, int which, uint64_t seq, struct why *why)
{
    struct statement *statement = &journal->statements[which];
    statement_set_int(statement, 1, (int64_t)seq);
    enum err err = statement_run(statement, why);
    if (err == ERR_NONE && statement_changes(statement) != 1)
        return why_set(why, ERR_DAMAGED, NULL, "a command is missing in the journal");
    return err;
}

static enum err write_ending(struct journal *journal, uint64_t seq, const struct ending *ending,
                             struct why *why)
{
    journal_row_set_ending(start(journal, DECIDE), ending);
    return change(journal, DECIDE, seq, why);
}

static void count_decision(struct journal *journal, const struct ending *ending)
{
    if (ending->code == 0)
        journal->totals.accepted++;
    else
        journal->totals.rejected++;
    journal->has_news = true;
}

static enum err add(struct journal *journal, const struct journal_entry *entry, struct why *why)
{
    int64_t hash = hash_of(journal, entry);
    journal_row_set_command(start(journal, ADD), entry, hash);
    enum err err = change(journal, ADD, entry->seq, why);
    (void)start(journal, ADD_UNFINISHED);
    if (err == ERR_NONE)
        err = change(journal, ADD_UNFINISHED, entry->seq, why);
    if (err != ERR_NONE)
        return err;
    if (repeats_put(&journal->repeats, hash, entry->seq) != ERR_NONE)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    bool is_decided = entry->state != JOURNAL_OPEN;
    journal->totals.received += !entry->is_notice;
    journal->totals.next_seq = entry->seq + 1;
    journal->has_news = true;
    journal_space_on_added(journal->space, journal_row_bytes(entry));
    if (is_decided && !entry->is_notice)
        count_decision(journal, &entry->ending);
    return is_decided ? write_ending(journal, entry->seq, &entry->ending, why) : ERR_NONE;
}

enum err journal_add(void *context, const struct journal_entry *entry, struct why *why)
{
    struct journal *journal = context;
    enum err err = begin(journal, why);
    if (err == ERR_NONE)
        err = add(journal, entry, why);
    return note(journal, err, why);
}

enum err journal_decide(void *context, uint64_t seq, const struct ending *ending, struct why *why)
{
    struct journal *journal = context;
    enum err err = begin(journal, why);
    if (err == ERR_NONE)
        err = write_ending(journal, seq, ending, why);
    if (err == ERR_NONE)
        count_decision(journal, ending);
    return note(journal, err, why);
}

enum err journal_finish(void *context, uint64_t seq, struct why *why)
{
    struct journal *journal = context;
    enum err err = begin(journal, why);
    (void)start(journal, FINISH);
    if (err == ERR_NONE)
        err = change(journal, FINISH, seq, why);
    if (err == ERR_NONE)
        journal_space_on_finished(journal->space, seq);
    return note(journal, err, why);
}

enum err journal_bury(void *context, uint64_t seq, struct str reason, int64_t wall_ms,
                      struct why *why)
{
    struct journal *journal = context;
    enum err err = begin(journal, why);
    struct statement *bury = start(journal, BURY);
    statement_set_int(bury, 2, wall_ms / 1000);
    statement_set_str(bury, 3, reason);
    if (err == ERR_NONE)
        err = change(journal, BURY, seq, why);
    if (err == ERR_NONE)
        err = journal_space_on_buried(journal->space, why);
    return note(journal, err, why);
}

/* The row is copied, so that no reading stays open: it would hold up checkpoints, and would have
 * the next transaction refused if somebody else wrote meanwhile. */
static enum err find(struct journal *journal, const struct journal_entry *like, int64_t wall_ms,
                     struct journal_entry *ret, struct why *why)
{
    uint64_t seq = repeats_find(&journal->repeats, hash_of(journal, like));
    if (seq == 0)
        return ERR_NOT_FOUND;
    struct statement *find = start(journal, FIND);
    statement_set_int(find, 1, (int64_t)seq);
    statement_set_str(find, 2, like->topic);
    statement_set_bytes(find, 3, like->repeat_of);
    statement_set_bytes(find, 4, like->payload);
    statement_set_int(find, 5, wall_ms - journal->window_ms);
    statement_set_int(find, 6, wall_ms + journal->window_ms); /* later: the clock was put back */
    enum err err = statement_row(find, why);
    if (err != ERR_NONE)
        return err;
    err = journal_row_copy(find, &journal->found, ret, why);
    (void)statement_start(find);
    return err;
}

enum err journal_find(void *context, const struct journal_entry *like, int64_t wall_ms,
                      struct journal_entry *ret, struct why *why)
{
    struct journal *journal = context;
    if (journal->failed != ERR_NONE)
        return why_set(why, journal->failed, NULL, "%s", journal->failed_why.text);
    return note(journal, find(journal, like, wall_ms, ret, why), why);
}

static enum err walk(struct journal *journal, int which, journal_visit_fn *visit, void *context,
                     struct why *why)
{
    struct statement *each = start(journal, which);
    enum err err;
    while ((err = statement_row(each, why)) == ERR_NONE) {
        struct journal_entry entry;
        err = journal_row_read(each, &entry, why);
        if (err == ERR_NONE)
            err = visit(context, &entry);
        if (err != ERR_NONE)
            break;
    }
    (void)statement_start(each);
    return err == ERR_NOT_FOUND ? ERR_NONE : note(journal, err, why);
}

enum err journal_each(void *context, journal_visit_fn *visit, void *visit_context, struct why *why)
{
    return walk(context, EACH, visit, visit_context, why);
}

enum err journal_remember(void *context, struct str job, struct str text, struct why *why)
{
    struct journal *journal = context;
    enum err err = begin(journal, why);
    struct statement *change = start(journal, str_is_absent(text) ? FORGET : REMEMBER);
    statement_set_str(change, 1, job);
    if (!str_is_absent(text))
        statement_set_str(change, 2, text);
    if (err == ERR_NONE)
        err = statement_run(change, why);
    return note(journal, err, why);
}

enum err journal_each_memory(void *context, memory_visit_fn *visit, void *visit_context,
                             struct why *why)
{
    struct journal *journal = context;
    struct statement *each = start(journal, EACH_MEMORY);
    enum err err;
    while ((err = statement_row(each, why)) == ERR_NONE) {
        err = visit(visit_context, statement_str(each, 0), statement_str(each, 1));
        if (err != ERR_NONE)
            break;
    }
    (void)statement_start(each);
    return err == ERR_NOT_FOUND ? ERR_NONE : note(journal, err, why);
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

/* A checkpoint that fails for want of room leaves the log as good as it was. */
static enum err commit(struct journal *journal, int64_t wall_ms, struct why *why)
{
    enum err err = journal_space_collect(journal->space, wall_ms, why);
    if (err == ERR_NONE && journal->has_news)
        err = write_books(journal, why);
    if (err == ERR_NONE)
        err = store_commit(journal->store, why);
    if (err != ERR_NONE)
        return err;
    journal->is_writing = false;
    journal->has_news = false;
    writeback_push(&journal->writeback, store_log_pages(journal->store));
    if (store_log_pages(journal->store) < JOURNAL_SPACE_LOG_PAGES)
        return ERR_NONE;
    err = store_checkpoint(journal->store, why);
    if (err == ERR_FULL)
        journal_space_on_full(journal->space);
    return err == ERR_FULL ? ERR_NONE : err;
}

enum err journal_commit(void *context, int64_t wall_ms, struct why *why)
{
    struct journal *journal = context;
    if (journal->failed != ERR_NONE)
        return why_set(why, journal->failed, NULL, "%s", journal->failed_why.text);
    if (!journal->is_writing)
        return ERR_NONE;
    int64_t began_us = now_mono_us();
    enum err err = note(journal, commit(journal, wall_ms, why), why);
    if (err == ERR_NONE) {
        journal->commits++;
        histogram_add(&journal->commit_latency, now_mono_us() - began_us);
    }
    return err;
}

/* Collects by itself: while it has no room there may be nothing else to commit. */
static enum err gain(struct journal *journal, struct why *why)
{
    bool was_writing = journal->is_writing;
    enum err err = begin(journal, why);
    for (int i = 0; i < GAIN_TRIES && err == ERR_NONE; i++)
        if (journal_space_may_gain(journal->space))
            err = journal_space_collect(journal->space, now_wall_ms(), why);
    return err == ERR_NONE && !was_writing ? commit(journal, now_wall_ms(), why) : err;
}

/* A failure in here is told by the next function that can tell it. */
bool journal_has_room(void *context)
{
    struct journal *journal = context;
    struct why why = {0};
    if (journal->failed == ERR_NONE && journal_space_may_gain(journal->space))
        (void)note(journal, gain(journal, &why), &why);
    return journal->failed == ERR_NONE && journal_space_has_room(journal->space);
}

void journal_totals(void *context, struct journal_totals *ret)
{
    const struct journal *journal = context;
    *ret = journal->totals;
}

struct journal_stats journal_stats(const struct journal *journal)
{
    return (struct journal_stats){
        .commits = journal->commits,
        .commit_latency = journal->commit_latency,
        .unfinished = (uint64_t)journal_space_unfinished(journal->space),
        .bytes = (uint64_t)journal_space_bytes(journal->space),
        .bytes_max = (uint64_t)journal->bytes_max,
    };
}

enum err journal_count_dead(struct journal *journal, uint64_t *ret, struct why *why)
{
    if (journal->failed != ERR_NONE)
        return why_set(why, journal->failed, NULL, "%s", journal->failed_why.text);
    struct statement *count = start(journal, COUNT_DEAD);
    enum err err = statement_row(count, why);
    if (err == ERR_NONE)
        *ret = (uint64_t)statement_int(count, 0);
    (void)statement_start(count);
    return note(journal, err, why);
}

/* Every command that is there was counted, and the next one gets a seq of its own. */
static bool are_possible(const struct journal_totals *totals, int64_t last_seq)
{
    return totals->received <= INT64_MAX / 2 && totals->accepted <= totals->received &&
           totals->rejected <= totals->received - totals->accepted &&
           totals->next_seq > (uint64_t)last_seq && totals->next_seq < INT64_MAX / 2;
}

static enum err read_books(struct journal *journal, struct why *why)
{
    struct statement *books = start(journal, READ_BOOKS);
    enum err err = statement_row(books, why);
    if (err == ERR_NOT_FOUND)
        return why_set(why, ERR_DAMAGED, NULL, "table books is empty");
    if (err != ERR_NONE)
        return err;
    journal->totals = (struct journal_totals){
        .received = (uint64_t)statement_int(books, 0),
        .accepted = (uint64_t)statement_int(books, 1),
        .rejected = (uint64_t)statement_int(books, 2),
        .next_seq = (uint64_t)statement_int(books, 3),
    };
    journal->was_clean = statement_int(books, 4) != 0;
    struct str secret = statement_bytes(books, 5);
    if (secret.n != sizeof journal->secret ||
        !are_possible(&journal->totals, statement_int(books, 6)))
        err = why_set(why, ERR_DAMAGED, NULL, "table books is damaged");
    else
        memcpy(&journal->secret, secret.p, secret.n);
    (void)statement_start(books);
    return err;
}

static enum err read_hash(struct journal *journal, const struct statement *row, struct why *why)
{
    int64_t seq = statement_int(row, 0);
    if (seq <= 0)
        return why_set(why, ERR_DAMAGED, NULL, "a command has the number %lld", (long long)seq);
    enum err err = repeats_put(&journal->repeats, statement_int(row, 1), (uint64_t)seq);
    return err == ERR_NONE ? ERR_NONE : why_set(why, err, NULL, "out of memory");
}

static enum err read_hashes(struct journal *journal, struct why *why)
{
    struct statement *each = start(journal, EVERY_HASH);
    enum err err;
    while ((err = statement_row(each, why)) == ERR_NONE) {
        err = read_hash(journal, each, why);
        if (err != ERR_NONE)
            break;
    }
    (void)statement_start(each);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static enum err write_clean(struct journal *journal, bool is_clean, struct why *why)
{
    struct statement *clean = start(journal, WRITE_CLEAN);
    statement_set_int(clean, 1, is_clean);
    return statement_run(clean, why);
}

static enum err pass_over(void *context, const struct journal_entry *entry)
{
    (void)context;
    (void)entry;
    return ERR_NONE;
}

/* The database, and every command that may be read. */
static enum err check(struct journal *journal, struct why *why)
{
    enum err err = store_check(journal->store, why);
    return err == ERR_NONE ? walk(journal, EVERY, pass_over, NULL, why) : err;
}

/* What an earlier run could not sync may be in the log as if it were on the disk: it is copied,
 * that is, written anew, before anything relies on it. */
static enum err start_on(struct journal *journal, const struct journal_options *options,
                         struct why *why)
{
    enum err err = store_checkpoint(journal->store, why);
    if (err == ERR_NONE)
        err = statement_prepare(journal->store, sql, SQL_COUNT, journal->statements, why);
    if (err == ERR_NONE)
        err = read_books(journal, why);
    const struct journal_space_options space = {.path = options->path,
                                                .bytes_max = options->bytes_max,
                                                .window_ms = options->window_ms,
                                                .repeats = &journal->repeats};
    if (err == ERR_NONE)
        err = journal_space_new(journal->store, &space, &journal->space, why);
    if (err == ERR_NONE && !journal->was_clean)
        err = check(journal, why);
    if (err == ERR_NONE)
        err = read_hashes(journal, why);
    if (err == ERR_NONE)
        err = write_clean(journal, false, why);
    return err;
}

static enum err open_once(const struct journal_options *options, struct journal **ret,
                          struct why *why)
{
    struct journal *journal = calloc(1, sizeof(struct journal));
    if (journal == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    journal->window_ms = options->window_ms;
    journal->writeback.fd = -1;
    journal->bytes_max = options->bytes_max;
    journal->commits = options->stats.commits;
    journal->commit_latency = options->stats.commit_latency;
    buf_init(&journal->found, FOUND_MAX);
    repeats_init(&journal->repeats);
    struct store_options store = {
        .path = options->path,
        .sync = options->sync,
        .access = STORE_WRITE,
        .migrations = journal_schema_migrations,
        .migration_count = journal_schema_migration_count,
        .bytes_max = options->bytes_max,
        .application_id = JOURNAL_SCHEMA_APPLICATION_ID,
        .is_checkpointed_by_caller = true,
    };
    enum err err = store_open(&store, &journal->store, why);
    if (err == ERR_NONE)
        err = start_on(journal, options, why);
    if (err != ERR_NONE)
        goto fail;
    if (options->sync == STORE_SYNC_NORMAL) /* otherwise each commit has synced its own */
        writeback_open(&journal->writeback, options->path);
    journal->is_open = true;
    *ret = journal;
    return ERR_NONE;
fail:
    journal_close(journal);
    return err;
}

/* A full disk may keep even the copying of the log from succeeding: then the reserve is for it. */
static enum err open_with_reserve(const struct journal_options *options, struct journal **ret,
                                  struct why *why)
{
    enum err err = open_once(options, ret, why);
    bool may_be_full = err == ERR_FULL || err == ERR_IO;
    if (!may_be_full || !journal_space_give_up(options->path))
        return err;
    return open_once(options, ret, why);
}

/* SQLite takes less than the smallest page for a new database. It was none of ours, or it has lost
 * everything. */
static bool is_emptied(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && info.st_size < PAGE_BYTES_MIN;
}

enum err journal_open(const struct journal_options *options, struct journal **ret, char *set_aside,
                      size_t set_aside_max, struct why *why)
{
    set_aside[0] = '\0';
    enum err err = ERR_DAMAGED;
    if (!is_emptied(options->path))
        err = open_with_reserve(options, ret, why);
    if (err != ERR_DAMAGED)
        return err;
    err = store_set_aside(options->path, now_wall_ms() / 1000, set_aside, set_aside_max, why);
    if (err == ERR_NONE)
        err = open_with_reserve(options, ret, why);
    else
        set_aside[0] = '\0';
    return err;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->is_writing)
        store_rollback(journal->store);
    if (journal->is_open && journal->failed == ERR_NONE)
        (void)write_clean(journal, true, NULL); /* if not, the next one opened is checked */
    journal_space_free(journal->space);
    repeats_fini(&journal->repeats);
    statement_free(journal->statements, SQL_COUNT);
    writeback_close(&journal->writeback);
    store_close(journal->store);
    buf_fini(&journal->found);
    free(journal);
}
