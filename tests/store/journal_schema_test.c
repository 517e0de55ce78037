/* Journals of earlier versions are brought up to date, with everything in them. */
#include "store/journal_schema.h"
#include "tests/check.h"
#include "tests/store/journal_file.h"

#include <sqlite3.h>
#include <stdio.h>

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

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

static void run(struct sqlite3 *db, const char *sql)
{
    char *problem = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &problem) != SQLITE_OK)
        fail_msg("%s: %s", problem, sql);
}

/* As that version left it: one command that waits, one that is decided and not delivered. */
static void write_version(const struct journal_file *file, size_t version)
{
    struct sqlite3 *db = NULL;
    char sql[128];
    assert_int_equal(sqlite3_open(file->path, &db), SQLITE_OK);
    for (size_t i = 0; i < version; i++)
        run(db, journal_schema_migrations[i]);
    snprintf(sql, sizeof sql, "PRAGMA user_version = %zu; PRAGMA application_id = %u", version,
             JOURNAL_SCHEMA_APPLICATION_ID);
    run(db, sql);
    run(db, "INSERT INTO commands (seq, repeat_hash, arrived_at_ms, expires_at_ms, qos, topic,"
            " response_topic, correlation, repeat_of, payload) VALUES (1, 7, 1700000000000, -1, 1, "
            "'waits', NULL, NULL, x'61',"
            " x'7b7d'), (2, 8, 1700000000001, -1, 1, 'decided', 'replies', x'00ff', x'62',"
            " x'7b2262223a317d');"
            "INSERT INTO endings VALUES (2, 0, -1, 1700000000, 5, 1, 1, NULL, NULL, 'r-1');"
            "INSERT INTO unfinished VALUES (1), (2);"
            "UPDATE books SET received = 2, accepted = 1, next_seq = 3");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static enum err check_entry(void *context, const struct journal_entry *entry)
{
    static const char *const topics[] = {"waits", "decided"};
    int *seen = context;
    check_str(entry->topic, topics[*seen]);
    check_str(entry->repeat_of, *seen == 0 ? "a" : "b");
    check_str(entry->payload, *seen == 0 ? "{}" : "{\"b\":1}");
    assert_int_equal(entry->state, *seen == 0 ? JOURNAL_OPEN : JOURNAL_DECIDED);
    check_str(entry->ending.request_id, *seen == 0 ? NULL : "r-1");
    check_str(entry->trace.parent, NULL);
    check_str(entry->trace.state, NULL);
    ++*seen;
    return ERR_NONE;
}

static void check_version(struct journal_file *file, size_t version)
{
    int seen = 0;
    write_version(file, version);
    journal_file_open(file);
    assert_string_equal(file->set_aside, "");
    assert_int_equal(journal_each(file->journal, check_entry, &seen, &file->why), ERR_NONE);
    assert_int_equal(seen, 2);
    assert_int_equal(journal_file_totals(file).received, 2);
    assert_int_equal(journal_file_ask(file, "PRAGMA user_version"),
                     (int64_t)journal_schema_migration_count);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM sqlite_schema"
                                            " WHERE type = 'index' AND sql IS NOT NULL"),
                     0);
}

static void one_without_memories_is_brought_up_to_date(void **state)
{
    check_version(*state, 1);
}

static void one_without_traces_is_brought_up_to_date(void **state)
{
    check_version(*state, 2);
}

static void one_with_an_index_of_hashes_is_brought_up_to_date(void **state)
{
    check_version(*state, 4);
}

static void and_takes_what_is_new(void **state)
{
    struct journal_file *file = *state;
    check_version(file, 2);
    const struct journal_entry entry = {.seq = 3,
                                        .topic = STR("new"),
                                        .payload = STR("{}"),
                                        .repeat_of = STR("c"),
                                        .trace = {STR(PARENT), STR("a=1")},
                                        .arrived_at_ms = file->wall_ms,
                                        .expires_at_ms = -1};
    struct journal_entry found;
    assert_int_equal(journal_add(file->journal, &entry, &file->why), ERR_NONE);
    journal_file_commit(file);
    journal_file_crash(file);
    journal_file_open(file);
    assert_int_equal(journal_find(file->journal, &entry, file->wall_ms, &found, &file->why),
                     ERR_NONE);
    check_str(found.trace.parent, PARENT);
    check_str(found.trace.state, "a=1");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(one_without_memories_is_brought_up_to_date),
        CASE(one_without_traces_is_brought_up_to_date),
        CASE(one_with_an_index_of_hashes_is_brought_up_to_date),
        CASE(and_takes_what_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
