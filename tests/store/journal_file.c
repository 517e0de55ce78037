#include "tests/store/journal_file.h"

#include "tests/check.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TOPIC "jobs-bridge/jobs/j/update"

void journal_file_init(struct journal_file *file)
{
    *file = (struct journal_file){.wall_ms = JOURNAL_FILE_WALL_MS};
    scratch_init(&file->scratch);
    snprintf(file->path, sizeof file->path, "%s/journal.db", file->scratch.path);
    file->options = (struct journal_options){
        .path = file->path,
        .sync = STORE_SYNC_NORMAL,
        .bytes_max = (int64_t)64 * 1024 * 1024,
        .window_ms = JOURNAL_FILE_WINDOW_MS,
    };
}

void journal_file_fini(struct journal_file *file)
{
    journal_close(file->journal);
    scratch_fini(&file->scratch);
}

enum err journal_file_try_open(struct journal_file *file)
{
    return journal_open(&file->options, &file->journal, file->set_aside, sizeof file->set_aside,
                        &file->why);
}

static void need(const struct journal_file *file, enum err err)
{
    if (err != ERR_NONE)
        print_error("%s\n", file->why.text);
    assert_int_equal(err, ERR_NONE);
}

void journal_file_open(struct journal_file *file)
{
    need(file, journal_file_try_open(file));
}

void journal_file_close(struct journal_file *file)
{
    journal_close(file->journal);
    file->journal = NULL;
}

void journal_file_reopen(struct journal_file *file)
{
    journal_file_close(file);
    journal_file_open(file);
}

static void copy(const char *from, const char *to)
{
    FILE *in = fopen(from, "r");
    FILE *out = fopen(to, "w");
    assert_true(in != NULL && out != NULL);
    char bytes[65536];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

void journal_file_crash(struct journal_file *file)
{
    static const char *const suffixes[] = {"", "-wal"};
    char path[160];
    char kept[2][160];
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        snprintf(path, sizeof path, "%s%s", file->path, suffixes[i]);
        snprintf(kept[i], sizeof kept[i], "%s/kept%zu", file->scratch.path, i);
        copy(path, kept[i]);
    }
    journal_file_close(file);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        snprintf(path, sizeof path, "%s%s", file->path, suffixes[i]);
        assert_int_equal(rename(kept[i], path), 0);
    }
}

uint64_t journal_file_add_sized(struct journal_file *file, const char *token, size_t bytes)
{
    char *payload = malloc(bytes);
    assert_non_null(payload);
    memset(payload, 'x', bytes);
    file->payload_bytes = bytes;
    struct journal_entry entry = {
        .seq = journal_file_totals(file).next_seq,
        .topic = STR(TOPIC),
        .payload = {payload, bytes},
        .repeat_of = str_of(token),
        .qos = 1,
        .arrived_at_ms = file->wall_ms,
        .expires_at_ms = -1,
    };
    enum err err = journal_add(file->journal, &entry, &file->why);
    free(payload);
    need(file, err);
    return entry.seq;
}

uint64_t journal_file_add(struct journal_file *file, const char *token)
{
    return journal_file_add_sized(file, token, 20);
}

void journal_file_decide(struct journal_file *file, uint64_t seq, int64_t code)
{
    const struct ending ending = {
        .code = code,
        .request_id = STR("0a1b2c3d"),
        .retry_after_s = -1,
        .decided_at_s = file->wall_ms / 1000,
        .attempts = 1,
        .shared_by = 1,
    };
    need(file, journal_decide(file->journal, seq, &ending, &file->why));
}

void journal_file_finish(struct journal_file *file, uint64_t seq)
{
    need(file, journal_finish(file->journal, seq, &file->why));
}

void journal_file_commit(struct journal_file *file)
{
    need(file, journal_commit(file->journal, file->wall_ms, &file->why));
}

uint64_t journal_file_pass(struct journal_file *file, const char *token)
{
    uint64_t seq = journal_file_add(file, token);
    journal_file_commit(file);
    journal_file_decide(file, seq, 0);
    journal_file_commit(file);
    journal_file_finish(file, seq);
    journal_file_commit(file);
    return seq;
}

int journal_file_find(struct journal_file *file, const char *token)
{
    char *payload = malloc(file->payload_bytes);
    assert_non_null(payload);
    memset(payload, 'x', file->payload_bytes);
    const struct journal_entry like = {
        .topic = STR(TOPIC), .payload = {payload, file->payload_bytes}, .repeat_of = str_of(token)};
    struct journal_entry found;
    enum err err = journal_find(file->journal, &like, file->wall_ms, &found, &file->why);
    free(payload);
    if (err == ERR_NOT_FOUND)
        return -1;
    need(file, err);
    check_str(found.repeat_of, token);
    return (int)found.state;
}

struct journal_totals journal_file_totals(struct journal_file *file)
{
    struct journal_totals totals;
    journal_totals(file->journal, &totals);
    return totals;
}

static enum err count(void *context, const struct journal_entry *entry)
{
    assert_int_not_equal(entry->state, JOURNAL_FINISHED);
    ++*(size_t *)context;
    return ERR_NONE;
}

size_t journal_file_unfinished(struct journal_file *file)
{
    size_t n = 0;
    need(file, journal_each(file->journal, count, &n, &file->why));
    return n;
}

int64_t journal_file_ask(struct journal_file *file, const char *sql)
{
    struct sqlite3 *db = NULL;
    struct sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(file->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    int code = sqlite3_step(statement);
    assert_true(code == SQLITE_ROW || code == SQLITE_DONE);
    int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return value;
}
