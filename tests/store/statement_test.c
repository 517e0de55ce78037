#include "store/statement.h"
#include "tests/check.h"
#include "tests/local/scratch.h"

static const char *const migrations[] = {
    "CREATE TABLE t (key INTEGER PRIMARY KEY, text TEXT, number INTEGER) STRICT;",
};

enum { INSERT, SELECT, STATEMENT_COUNT };

static const char *const sql[STATEMENT_COUNT] = {
    [INSERT] = "INSERT INTO t (text, number) VALUES (?1, ?2)",
    [SELECT] = "SELECT text, number FROM t WHERE key >= ?1 ORDER BY key",
};

struct fixture {
    struct scratch scratch;
    struct store *store;
    struct statement statements[STATEMENT_COUNT];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    scratch_init(&fixture.scratch);
    const struct store_options options = {
        .path = scratch_file(&fixture.scratch, "test.db"),
        .sync = STORE_SYNC_NORMAL,
        .access = STORE_WRITE,
        .migrations = migrations,
        .migration_count = 1,
    };
    *state = &fixture;
    return store_open(&options, &fixture.store, NULL) != ERR_NONE ||
           statement_prepare(fixture.store, sql, STATEMENT_COUNT, fixture.statements, NULL) !=
               ERR_NONE;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    statement_free(fixture->statements, STATEMENT_COUNT);
    statement_free(fixture->statements, STATEMENT_COUNT);
    store_close(fixture->store);
    scratch_fini(&fixture->scratch);
    return 0;
}

static void what_goes_in_comes_out(void **state)
{
    struct fixture *fixture = *state;
    struct statement *s = statement_start(&fixture->statements[INSERT]);
    statement_set_str(s, 1, (struct str){"a\0b", 3});
    statement_set_int(s, 2, INT64_MIN);
    assert_int_equal(statement_run(s, NULL), ERR_NONE);
    assert_int_equal(statement_changes(s), 1);
    assert_int_equal(statement_last_key(s), 1);
    /* Nothing of the last run is left in the arguments; absent and empty are two things. */
    s = statement_start(s);
    statement_set_str(s, 1, STR(""));
    assert_int_equal(statement_run(s, NULL), ERR_NONE);
    assert_int_equal(statement_run(statement_start(s), NULL), ERR_NONE);

    s = statement_start(&fixture->statements[SELECT]);
    statement_set_int(s, 1, 0);
    assert_int_equal(statement_row(s, NULL), ERR_NONE);
    assert_true(str_eq(statement_str(s, 0), (struct str){"a\0b", 3}));
    assert_true(statement_int(s, 1) == INT64_MIN);
    assert_int_equal(statement_row(s, NULL), ERR_NONE);
    check_str(statement_str(s, 0), "");
    assert_int_equal(statement_int_or(s, 1, 7), 7);
    assert_int_equal(statement_row(s, NULL), ERR_NONE);
    check_str(statement_str(s, 0), NULL);
    assert_int_equal(statement_row(s, NULL), ERR_NOT_FOUND);
}

static void a_wrong_argument_is_told_by_the_step(void **state)
{
    struct fixture *fixture = *state;
    struct why why = {0};
    struct statement *s = statement_start(&fixture->statements[SELECT]);
    statement_set_int(s, 9, 1);
    assert_int_equal(statement_row(s, &why), ERR_IO);
    check_has(why.text, "SELECT text");
    s = statement_start(s);
    statement_set_int(s, 1, 1);
    assert_int_equal(statement_row(s, NULL), ERR_NOT_FOUND);
}

static void a_wrong_type_is_refused_by_the_table(void **state)
{
    struct fixture *fixture = *state;
    struct statement *s = statement_start(&fixture->statements[INSERT]);
    statement_set_text(s, 2, "no number");
    assert_int_equal(statement_run(s, NULL), ERR_IO);
}

static void bad_sql_leaves_no_statement_behind(void **state)
{
    struct fixture *fixture = *state;
    struct statement pair[2];
    const char *const texts[] = {"SELECT 1", "SELEKT 1"};
    assert_int_equal(statement_prepare(fixture->store, texts, 2, pair, NULL), ERR_DAMAGED);
    assert_null(pair[0].p);
    assert_null(pair[1].p);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_goes_in_comes_out),
        CASE(a_wrong_argument_is_told_by_the_step),
        CASE(a_wrong_type_is_refused_by_the_table),
        CASE(bad_sql_leaves_no_statement_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
