/* What a journal makes of a file that is not as it left it. */
#include "tests/check.h"
#include "tests/store/journal_file.h"

#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMANDS 200

static int set_up(void **state)
{
    static struct journal_file file;
    journal_file_init(&file);
    *state = &file;
    return 0;
}

static int tear_down(void **state)
{
    journal_file_fini(*state);
    return 0;
}

/* A journal of a few dozen pages, closed cleanly or as by a kill. */
static void fill(struct journal_file *file, bool is_clean)
{
    journal_file_open(file);
    for (int i = 0; i < COMMANDS; i++)
        journal_file_add_sized(file, "a", 1000);
    journal_file_commit(file);
    journal_file_reopen(file); /* from the log into the database */
    if (is_clean)
        journal_file_close(file);
    else
        journal_file_crash(file);
}

static void write_at(const char *path, long at, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void run(const char *path, const char *sql)
{
    struct sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void garbage(const char *path)
{
    scratch_write(path, "this is no database at all, nor has it ever been one, and is longer than "
                        "the hundred bytes of a header");
}

static void few_bytes(const char *path)
{
    scratch_write(path, "x");
}

static void nothing(const char *path)
{
    scratch_write(path, "");
}

static void half(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size / 2), 0);
}

static void header(const char *path)
{
    write_at(path, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void schema(const char *path)
{
    char bytes[3000];
    memset(bytes, 0xa5, sizeof bytes);
    write_at(path, 1000, bytes, sizeof bytes);
}

/* The bytes before each inner page's cells say where these are. */
static void pages(const char *path)
{
    for (long at = 4096; at < 4096 * 20; at += 4096)
        write_at(path, at, "\x05\xff\xff\xff\xff\xff", 6);
}

/* The header's word for a format that is to be read only. */
static void write_format(const char *path)
{
    write_at(path, 18, "\x07", 1);
}

static void schema_format(const char *path)
{
    write_at(path, 47, "\x63", 1);
}

/* The database holds together, but a column has another name. */
static void column(const char *path)
{
    run(path, "ALTER TABLE commands RENAME COLUMN topic TO typic");
}

/* Its tables are those of a later one. */
static void version(const char *path)
{
    run(path, "PRAGMA user_version = 1");
}

static void all_zeros(const char *path)
{
    char bytes[4096] = {0};
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    for (long at = 0; at < info.st_size; at += (long)sizeof bytes)
        write_at(path, at, bytes, sizeof bytes);
}

typedef void damage_fn(const char *path);

/* As it was, with a new journal in its place. */
static void a_damaged_file_is_set_aside(void **state)
{
    struct journal_file *file = *state;
    static damage_fn *const damages[] = {garbage,       few_bytes, nothing, half,
                                         header,        schema,    pages,   write_format,
                                         schema_format, column,    version, all_zeros};
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        fill(file, false);
        char log[160]; /* it would heal some of the damage */
        snprintf(log, sizeof log, "%s-wal", file->path);
        unlink(log);
        damages[i](file->path);
        journal_file_open(file);
        if (file->set_aside[0] == '\0')
            print_error("damage %zu was not seen\n", i);
        check_has(file->set_aside, "/journal.db.damaged-");
        assert_int_equal(access(file->set_aside, F_OK), 0);
        assert_int_equal(journal_file_totals(file).received, 0);
        journal_file_pass(file, "a");
        journal_file_close(file);
        assert_int_equal(unlink(file->path), 0);
    }
}

static void each_set_aside_has_a_name_of_its_own(void **state)
{
    struct journal_file *file = *state;
    char first[256];
    garbage(file->path);
    journal_file_open(file);
    snprintf(first, sizeof first, "%s", file->set_aside);
    journal_file_close(file);
    few_bytes(file->path);
    journal_file_open(file);
    assert_string_not_equal(first, file->set_aside);
    check_has(scratch_read(first), "no database at all");
    assert_string_equal(scratch_read(file->set_aside), "x");
}

static enum err ignore(void *context, const struct journal_entry *entry)
{
    (void)context;
    (void)entry;
    return ERR_NONE;
}

static void damage_after_a_clean_close_is_found_by_the_next_but_one(void **state)
{
    struct journal_file *file = *state;
    fill(file, true);
    journal_file_open(file);
    for (uint64_t seq = 1; seq <= COMMANDS; seq++)
        journal_file_decide(file, seq, 0);
    journal_file_commit(file);
    journal_file_close(file);
    int64_t page = journal_file_ask(file, "SELECT pageno FROM dbstat WHERE name = 'endings'"
                                          " AND pagetype = 'leaf' LIMIT 1");
    write_at(file->path, (long)(page - 1) * 4096, "\x05\xff\xff\xff\xff\xff", 6);
    journal_file_open(file); /* not checked: that would take its time */
    assert_string_equal(file->set_aside, "");
    assert_int_equal(journal_each(file->journal, ignore, NULL, &file->why), ERR_DAMAGED);
    journal_file_reopen(file);
    check_has(file->set_aside, "damaged");
}

/* The database holds together, but no journal writes this. */
static const char *const impossible[] = {
    "UPDATE commands SET seq = -1 WHERE seq = 1; UPDATE unfinished SET seq = -1 WHERE seq = 1",
    "UPDATE commands SET arrived_at_ms = -9223372036854775807 - 1",
    "UPDATE commands SET arrived_at_ms = 9223372036854775807",
    "UPDATE commands SET expires_at_ms = 9223372036854775807",
    "UPDATE commands SET expires_at_ms = 0",
    "INSERT INTO endings VALUES (1, 3, -1, 1, 1, 1, 1, NULL, CAST(x'ff' AS TEXT), NULL)",
    "UPDATE books SET received = -1",
    "UPDATE books SET accepted = received + 1",
    "UPDATE books SET next_seq = 1",
    "UPDATE books SET next_seq = 9223372036854775807",
    "UPDATE books SET next_seq = 3; INSERT INTO unfinished VALUES (3)",
    "UPDATE books SET secret = x'00'",
    "DELETE FROM books",
};

static void rows_that_no_journal_writes_are_damage(void **state)
{
    struct journal_file *file = *state;
    for (size_t i = 0; i < COUNT_OF(impossible); i++) {
        journal_file_open(file);
        journal_file_add(file, "a");
        journal_file_commit(file);
        journal_file_close(file);
        run(file->path, impossible[i]);
        journal_file_open(file); /* after a clean close only the books are looked at */
        if (file->set_aside[0] == '\0') {
            if (journal_each(file->journal, ignore, NULL, &file->why) != ERR_DAMAGED)
                fail_msg("case %zu was not seen", i);
            journal_file_reopen(file);
        }
        check_has(file->set_aside, "/journal.db.damaged-");
        journal_file_pass(file, "a");
        journal_file_close(file);
        assert_int_equal(unlink(file->path), 0);
    }
}

static void damage_that_only_a_repeat_meets_is_found_by_the_next(void **state)
{
    struct journal_file *file = *state;
    journal_file_open(file);
    journal_file_pass(file, "a");
    journal_file_close(file);
    run(file->path, "UPDATE commands SET arrived_at_ms = -1");
    run(file->path, "INSERT INTO unfinished VALUES (1)"); /* else it is out of the window */
    journal_file_open(file);
    struct journal_entry found;
    char payload[20];
    memset(payload, 'x', sizeof payload);
    const struct journal_entry like = {.topic = STR("jobs-bridge/jobs/j/update"),
                                       .payload = {payload, sizeof payload},
                                       .repeat_of = STR("a")};
    assert_int_equal(journal_find(file->journal, &like, file->wall_ms, &found, &file->why),
                     ERR_DAMAGED);
    run(file->path, "DELETE FROM unfinished");
    journal_file_reopen(file);
    check_has(file->set_aside, "damaged");
}

static void a_log_cut_short_loses_only_its_end(void **state)
{
    struct journal_file *file = *state;
    char log[160];
    struct stat info;
    journal_file_open(file);
    for (int i = 0; i < 10; i++)
        journal_file_pass(file, "a");
    journal_file_crash(file);
    snprintf(log, sizeof log, "%s-wal", file->path);
    assert_int_equal(stat(log, &info), 0);
    assert_int_equal(truncate(log, info.st_size - 1), 0);
    journal_file_open(file);
    assert_string_equal(file->set_aside, "");
    assert_int_equal(journal_file_totals(file).received, 10);
    assert_int_equal(journal_file_unfinished(file), 1); /* that it was finished was at the end */
}

static void check_refused(struct journal_file *file, const char *part)
{
    assert_int_equal(journal_file_try_open(file), ERR_INVALID);
    check_has(file->why.text, part);
    check_has(file->why.text, file->path);
    assert_string_equal(file->set_aside, "");
    assert_null(file->journal);
}

static void a_newer_version_is_refused_and_kept(void **state)
{
    struct journal_file *file = *state;
    char as_before[64];
    fill(file, false);
    snprintf(as_before, sizeof as_before, "PRAGMA user_version = %lld",
             (long long)journal_file_ask(file, "PRAGMA user_version"));
    run(file->path, "PRAGMA user_version = 99");
    check_refused(file, "version 99");
    run(file->path, as_before);
    journal_file_open(file);
    assert_int_equal(journal_file_unfinished(file), COMMANDS);
}

static void a_database_of_something_else_is_refused_and_kept(void **state)
{
    struct journal_file *file = *state;
    run(file->path, "CREATE TABLE recipes (text); INSERT INTO recipes VALUES ('soup')");
    check_refused(file, "something else");
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM recipes"), 1);
    run(file->path, "DROP TABLE recipes; PRAGMA application_id = 7");
    check_refused(file, "something else");
}

static void a_place_where_nothing_can_be_written_is_an_error(void **state)
{
    struct journal_file *file = *state;
    char path[160];
    scratch_write(file->path, "a file");
    snprintf(path, sizeof path, "%s/journal.db", file->path);
    file->options.path = path;
    assert_int_equal(journal_file_try_open(file), ERR_IO);
    check_has(file->why.text, "Not a directory");
    assert_string_equal(file->set_aside, "");
    file->options.path = file->scratch.path;
    assert_int_equal(journal_file_try_open(file), ERR_IO);
    assert_string_equal(file->set_aside, "");
}

static void a_folder_that_may_not_be_written_is_an_error(void **state)
{
    struct journal_file *file = *state;
    fill(file, true);
    assert_int_equal(chmod(file->scratch.path, 0500), 0);
    if (getuid() == 0)
        assert_int_equal(seteuid(65534), 0); /* nobody: to root every folder is open */
    assert_int_equal(journal_file_try_open(file), ERR_IO);
    check_has(file->why.text, file->path);
    assert_string_equal(file->set_aside, "");
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(file->scratch.path, 0700), 0);
    journal_file_open(file);
    assert_int_equal(journal_file_unfinished(file), COMMANDS);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_damaged_file_is_set_aside),
        CASE(each_set_aside_has_a_name_of_its_own),
        CASE(damage_after_a_clean_close_is_found_by_the_next_but_one),
        CASE(rows_that_no_journal_writes_are_damage),
        CASE(damage_that_only_a_repeat_meets_is_found_by_the_next),
        CASE(a_log_cut_short_loses_only_its_end),
        CASE(a_newer_version_is_refused_and_kept),
        CASE(a_database_of_something_else_is_refused_and_kept),
        CASE(a_place_where_nothing_can_be_written_is_an_error),
        CASE(a_folder_that_may_not_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
