#include "store/statement.h"
#include "store/store.h"
#include "tests/check.h"
#include "tests/local/scratch.h"

#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const migrations[] = {
    "CREATE TABLE notes (key INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;",
    "ALTER TABLE notes ADD COLUMN tone TEXT; UPDATE notes SET tone = 'plain';",
    "CREATE TABLE broken (key INTEGER PRIMARY KEY); INSERT INTO missing VALUES (1);",
};

struct fixture {
    struct scratch scratch;
    struct store_options options;
    char path[128];
    struct why why;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    scratch_init(&fixture.scratch);
    snprintf(fixture.path, sizeof fixture.path, "%s/test.db", fixture.scratch.path);
    fixture.options = (struct store_options){
        .path = fixture.path,
        .access = STORE_WRITE,
        .migrations = migrations,
        .migration_count = 1,
    };
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    scratch_fini(&fixture->scratch);
    return 0;
}

static struct store *open_store(struct fixture *fixture)
{
    struct store *store = NULL;
    enum err err = store_open(&fixture->options, &store, &fixture->why);
    if (err != ERR_NONE)
        print_error("%s\n", fixture->why.text);
    assert_int_equal(err, ERR_NONE);
    return store;
}

/* Runs one statement with an optional text argument; its first column, or its changes. */
static enum err once(struct store *store, const char *sql, const char *text, int64_t *ret,
                     struct why *why)
{
    struct statement statement;
    enum err err = statement_prepare(store, &sql, 1, &statement, why);
    if (err != ERR_NONE)
        return err;
    struct statement *s = statement_start(&statement);
    if (text != NULL)
        statement_set_text(s, 1, text);
    err = ret != NULL ? statement_row(s, why) : statement_run(s, why);
    if (err == ERR_NONE && ret != NULL)
        *ret = statement_int(s, 0);
    statement_free(&statement, 1);
    return err;
}

static int64_t number(struct store *store, const char *sql)
{
    int64_t value = -1;
    assert_int_equal(once(store, sql, NULL, &value, NULL), ERR_NONE);
    return value;
}

static enum err add(struct store *store, const char *text)
{
    return once(store, "INSERT INTO notes (text) VALUES (?1)", text, NULL, NULL);
}

static int64_t count(struct store *store)
{
    return number(store, "SELECT count(*) FROM notes");
}

static void what_is_committed_is_there_after_reopening(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    assert_int_equal(store_begin(store, STORE_WRITE, NULL), ERR_NONE);
    assert_int_equal(add(store, "kept"), ERR_NONE);
    assert_int_equal(store_commit(store, NULL), ERR_NONE);
    assert_int_equal(store_begin(store, STORE_WRITE, NULL), ERR_NONE);
    assert_int_equal(add(store, "forgotten"), ERR_NONE);
    store_rollback(store);
    store_close(store);
    store = open_store(fixture);
    assert_int_equal(count(store), 1);
    store_close(store);
}

static void the_file_is_the_owners_alone(void **state)
{
    struct fixture *fixture = *state;
    store_close(open_store(fixture));
    struct stat info;
    assert_int_equal(stat(fixture->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void the_connection_is_set_up_as_promised(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.bytes_max = 1024 * 1024;
    struct store *store = open_store(fixture);
    assert_int_equal(number(store, "PRAGMA synchronous"), 2);
    assert_int_equal(number(store, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(store, "PRAGMA trusted_schema"), 0);
    assert_int_equal(number(store, "PRAGMA max_page_count"), 256);
    assert_int_equal(number(store, "SELECT count(*) FROM pragma_journal_mode"
                                   " WHERE journal_mode = 'wal'"),
                     1);
    store_close(store);
    fixture->options.sync = STORE_SYNC_NORMAL;
    store = open_store(fixture);
    assert_int_equal(number(store, "PRAGMA synchronous"), 1);
    store_close(store);
}

static void an_older_database_is_brought_up_to_date(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    assert_int_equal(add(store, "old"), ERR_NONE);
    store_close(store);
    fixture->options.migration_count = 2;
    store = open_store(fixture);
    assert_int_equal(number(store, "SELECT count(*) FROM notes WHERE tone = 'plain'"), 1);
    assert_int_equal(number(store, "PRAGMA user_version"), 2);
    store_close(store);
}

static void a_migration_that_fails_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    store_close(store);
    fixture->options.migration_count = 3;
    assert_int_equal(store_open(&fixture->options, &store, &fixture->why), ERR_DAMAGED);
    check_has(fixture->why.text, fixture->path);
    check_has(fixture->why.text, "no such table: missing");
    fixture->options.migration_count = 1;
    store = open_store(fixture);
    assert_int_equal(number(store, "PRAGMA user_version"), 1);
    assert_int_equal(number(store, "SELECT count(*) FROM sqlite_schema WHERE name = 'broken'"), 0);
    store_close(store);
}

static void a_database_of_a_newer_program_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    fixture->options.migration_count = 2;
    store_close(open_store(fixture));
    fixture->options.migration_count = 1;
    assert_int_equal(store_open(&fixture->options, &store, &fixture->why), ERR_INVALID);
    check_has(fixture->why.text, "version 2, this program knows up to 1");
    assert_null(store);
}

static void a_file_that_is_no_database_is_refused_and_kept(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    char text[200];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    scratch_write(fixture->path, text);
    assert_int_equal(store_open(&fixture->options, &store, &fixture->why), ERR_DAMAGED);
    check_has(fixture->why.text, "not a database");
    assert_string_equal(scratch_read(fixture->path), text);
}

static void a_path_that_leads_nowhere_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    fixture->options.path = "/nonexistent/test.db";
    assert_int_equal(store_open(&fixture->options, &store, &fixture->why), ERR_IO);
    check_has(fixture->why.text, "/nonexistent/test.db: No such file");
    fixture->options.access = STORE_READ;
    assert_int_equal(store_open(&fixture->options, &store, &fixture->why), ERR_IO);
}

static void beyond_the_maximum_changes_are_refused_and_the_rest_is_whole(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.bytes_max = (int64_t)64 * 1024;
    struct store *store = open_store(fixture);
    char text[4000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    enum err err = ERR_NONE;
    int64_t added = 0;
    while (err == ERR_NONE && added < 100) {
        text[added] = 'y'; /* every note is another */
        err = add(store, text);
        added += err == ERR_NONE;
    }
    assert_int_equal(err, ERR_FULL);
    assert_true(added > 5);
    assert_int_equal(count(store), added);
    store_close(store);
    fixture->options.bytes_max = 0;
    store = open_store(fixture);
    assert_int_equal(count(store), added);
    assert_int_equal(add(store, "there is room again"), ERR_NONE);
    store_close(store);
}

static void a_full_transaction_is_rolled_back_whole(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.bytes_max = (int64_t)64 * 1024;
    struct store *store = open_store(fixture);
    assert_int_equal(store_begin(store, STORE_WRITE, NULL), ERR_NONE);
    assert_int_equal(add(store, "small"), ERR_NONE);
    assert_int_equal(
        once(store, "INSERT INTO notes (text) VALUES (zeroblob(1000000) || ?1)", "x", NULL, NULL),
        ERR_FULL);
    store_rollback(store);
    assert_int_equal(count(store), 0);
    assert_int_equal(add(store, "again"), ERR_NONE);
    store_close(store);
}

static void a_reader_sees_the_last_commit_and_writes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct store *writer = open_store(fixture);
    fixture->options.access = STORE_READ;
    struct store *reader = open_store(fixture);
    assert_int_equal(store_begin(writer, STORE_WRITE, NULL), ERR_NONE);
    assert_int_equal(add(writer, "a"), ERR_NONE);
    assert_int_equal(count(reader), 0);
    assert_int_equal(store_commit(writer, NULL), ERR_NONE);
    assert_int_equal(count(reader), 1);
    assert_int_not_equal(add(reader, "b"), ERR_NONE);
    assert_int_equal(count(writer), 1);
    store_close(reader);
    store_close(writer);
}

static void a_reader_of_an_outdated_database_is_refused(void **state)
{
    struct fixture *fixture = *state;
    store_close(open_store(fixture));
    fixture->options.migration_count = 2;
    fixture->options.access = STORE_READ;
    struct store *store = NULL;
    assert_int_equal(store_open(&fixture->options, &store, &fixture->why), ERR_IO);
    check_has(fixture->why.text, "readonly");
}

static void errors_keep_their_class(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    assert_int_equal(add(store, "once"), ERR_NONE);
    assert_int_equal(add(store, "once"), ERR_EXISTS);
    assert_int_equal(once(store, "SELECT nonsense FROM notes", NULL, NULL, &fixture->why),
                     ERR_DAMAGED);
    check_has(fixture->why.text, "no such column: nonsense");
    store_rollback(store); /* without a transaction: nothing to do */
    assert_int_equal(store_commit(store, &fixture->why), ERR_IO);
    store_close(store);
}

static void a_transaction_that_ends_resets_what_was_read(void **state)
{
    struct fixture *fixture = *state;
    struct store *writer = open_store(fixture);
    assert_int_equal(add(writer, "a"), ERR_NONE);
    const char *sql = "SELECT text FROM notes";
    struct statement statement;
    assert_int_equal(statement_prepare(writer, &sql, 1, &statement, NULL), ERR_NONE);
    assert_int_equal(store_begin(writer, STORE_READ, NULL), ERR_NONE);
    assert_int_equal(statement_row(statement_start(&statement), NULL), ERR_NONE);
    assert_true(sqlite3_stmt_busy(statement.p));
    assert_int_equal(store_commit(writer, NULL), ERR_NONE);
    assert_false(sqlite3_stmt_busy(statement.p));
    statement_free(&statement, 1);
    store_close(writer);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_committed_is_there_after_reopening),
        CASE(the_file_is_the_owners_alone),
        CASE(the_connection_is_set_up_as_promised),
        CASE(an_older_database_is_brought_up_to_date),
        CASE(a_migration_that_fails_changes_nothing),
        CASE(a_database_of_a_newer_program_is_refused),
        CASE(a_file_that_is_no_database_is_refused_and_kept),
        CASE(a_path_that_leads_nowhere_is_an_error),
        CASE(beyond_the_maximum_changes_are_refused_and_the_rest_is_whole),
        CASE(a_full_transaction_is_rolled_back_whole),
        CASE(a_reader_sees_the_last_commit_and_writes_nothing),
        CASE(a_reader_of_an_outdated_database_is_refused),
        CASE(errors_keep_their_class),
        CASE(a_transaction_that_ends_resets_what_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
