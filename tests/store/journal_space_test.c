/* What the journal does when space is short: the quota, the disk, the log. */
#include "base/limits.h"
#include "store/journal_space.h"
#include "tests/check.h"
#include "tests/store/faulty_disk.h"
#include "tests/store/journal_file.h"

#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MIB ((int64_t)1024 * 1024)

static int set_up(void **state)
{
    static struct journal_file file;
    journal_file_init(&file);
    file.options.bytes_max = 4 * MIB;
    *state = &file;
    return 0;
}

static int tear_down(void **state)
{
    journal_file_fini(*state);
    faulty_disk_put_in();
    return 0;
}

static int64_t size_of(const struct journal_file *file, const char *suffix)
{
    char path[160];
    struct stat info;
    snprintf(path, sizeof path, "%s%s", file->path, suffix);
    return stat(path, &info) == 0 ? info.st_size : -1;
}

static void what_leaves_the_window_is_collected(void **state)
{
    struct journal_file *file = *state;
    journal_file_open(file);
    for (int i = 0; i < 100; i++)
        journal_file_pass(file, "a");
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM commands"), 100);
    file->wall_ms += JOURNAL_FILE_WINDOW_MS + 1;
    for (int i = 0; i < 20; i++) { /* it falls behind nowhere, and takes long nowhere */
        int64_t before = journal_file_ask(file, "SELECT count(*) FROM commands");
        journal_file_pass(file, "b");
        int64_t after = journal_file_ask(file, "SELECT count(*) FROM commands");
        assert_true(after <= 20 || after < before);
        assert_true(before - after < 64);
    }
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM commands"), 20);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM endings"), 20);
}

static void what_is_not_finished_is_never_collected(void **state)
{
    struct journal_file *file = *state;
    journal_file_open(file);
    uint64_t open = journal_file_add(file, "open");
    uint64_t decided = journal_file_add(file, "decided");
    journal_file_decide(file, decided, 0);
    journal_file_pass(file, "done");
    for (int i = 0; i < 10; i++) {
        file->wall_ms += 2 * JOURNAL_FILE_WINDOW_MS;
        journal_file_pass(file, "more");
    }
    assert_int_equal(journal_file_find(file, "open"), JOURNAL_OPEN);
    assert_int_equal(journal_file_find(file, "decided"), JOURNAL_DECIDED);
    journal_file_decide(file, open, 0);
    journal_file_finish(file, open);
    journal_file_finish(file, decided);
    journal_file_commit(file);
    file->wall_ms += 2 * JOURNAL_FILE_WINDOW_MS;
    journal_file_pass(file, "last"); /* those that were passed by are not forgotten */
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM commands"), 1);
}

/* Fills it with open commands of so many bytes, as far as it takes them. */
static int fill(struct journal_file *file, size_t bytes, int per_commit)
{
    int added = 0;
    while (journal_has_room(file->journal)) {
        journal_file_add_sized(file, "open", bytes);
        if (++added % per_commit == 0)
            journal_file_commit(file);
        assert_true(added < 100000);
    }
    journal_file_commit(file);
    return added;
}

static void end_all(struct journal_file *file, int added)
{
    static char message[WHY_TEXT_MAX];
    static char field[WHY_FIELD_MAX];
    memset(message, 'm', sizeof message);
    memset(field, 'f', sizeof field);
    const struct ending longest = {.code = 3,
                                   .message = {message, sizeof message},
                                   .field = {field, sizeof field},
                                   .retry_after_s = 20};
    for (int seq = 1; seq <= added; seq++)
        assert_int_equal(journal_decide(file->journal, (uint64_t)seq, &longest, &file->why),
                         ERR_NONE);
    journal_file_commit(file);
}

/* All of them together may expire, each with the longest of endings. */
static void what_was_taken_in_can_be_finished(void **state)
{
    struct journal_file *file = *state;
    static const struct {
        size_t bytes;
        int per_commit;
        int least; /* taken in: the quota is not wasted either */
    } cases[] = {{20, 1, 1500}, {20, 500, 1500}, {3000, 64, 500}, {LIMITS_COMMAND_BYTES, 100, 15}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        journal_file_open(file);
        int added = fill(file, cases[i].bytes, cases[i].per_commit);
        if (added < cases[i].least)
            print_error("only %d of %zu bytes\n", added, cases[i].bytes);
        assert_true(added >= cases[i].least);
        end_all(file, added);
        assert_true(size_of(file, "") <= file->options.bytes_max);
        assert_false(journal_has_room(file->journal));
        for (int seq = 1; seq <= added; seq++)
            journal_file_finish(file, (uint64_t)seq);
        journal_file_commit(file);
        assert_true(journal_has_room(file->journal));
        journal_file_close(file);
        assert_int_equal(unlink(file->path), 0);
    }
}

/* Younger ones than the window leave it early, oldest first, and it never stands still. */
static void answered_ones_make_room_for_new_ones(void **state)
{
    struct journal_file *file = *state;
    journal_file_open(file);
    for (int i = 0; i < 5000; i++) {
        assert_true(journal_has_room(file->journal));
        uint64_t seq = journal_file_add_sized(file, i % 2 ? "odd" : "even", 2000);
        journal_file_decide(file, seq, 0);
        journal_file_finish(file, seq);
        journal_file_commit(file);
    }
    assert_true(size_of(file, "") <= file->options.bytes_max);
    assert_int_equal(journal_file_find(file, "odd"), JOURNAL_FINISHED);
    int64_t kept = journal_file_ask(file, "SELECT count(*) FROM commands");
    int64_t oldest = journal_file_ask(file, "SELECT min(seq) FROM commands");
    assert_true(kept > 300);
    assert_int_equal(oldest, 5001 - kept);
}

/* A maximum that was lowered: nothing else is there to commit, so it collects by itself. */
static void room_comes_without_a_commit_of_the_bridge(void **state)
{
    struct journal_file *file = *state;
    journal_file_open(file);
    int added = fill(file, 3000, 64);
    for (int seq = 1; seq <= added; seq++) {
        journal_file_decide(file, (uint64_t)seq, 0);
        journal_file_finish(file, (uint64_t)seq);
    }
    journal_file_commit(file);
    file->options.bytes_max = 2 * MIB;
    journal_file_reopen(file);
    assert_true(journal_has_room(file->journal));
    int64_t kept = journal_file_ask(file, "SELECT count(*) FROM commands");
    assert_in_range(kept, 100, added * 2 / 3);
    journal_file_crash(file);
    journal_file_open(file);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM commands"), kept);
}

static void dead_letters_have_a_maximum(void **state)
{
    struct journal_file *file = *state;
    file->options.bytes_max = 64 * MIB;
    journal_file_open(file);
    for (int i = 0; i < LIMITS_DEAD_LETTERS + 10; i++) {
        uint64_t seq = journal_file_add(file, "a");
        journal_file_decide(file, seq, 0);
        assert_int_equal(journal_bury(file->journal, seq, STR("x"), file->wall_ms, &file->why),
                         ERR_NONE);
        journal_file_finish(file, seq);
    }
    journal_file_commit(file);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM dead"), LIMITS_DEAD_LETTERS);
    assert_int_equal(journal_file_ask(file, "SELECT min(seq) FROM dead"), 11);
    file->wall_ms += 2 * JOURNAL_FILE_WINDOW_MS;
    for (int i = 0; i < 200; i++)
        journal_file_pass(file, "b");
    assert_int_equal(
        journal_file_ask(file, "SELECT count(*) FROM commands WHERE seq IN (SELECT seq FROM dead)"),
        LIMITS_DEAD_LETTERS);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM commands"),
                     LIMITS_DEAD_LETTERS + 200);
}

/* They are kept for a person; the living come first. */
static void dead_letters_make_room_last(void **state)
{
    struct journal_file *file = *state;
    journal_file_open(file);
    for (int i = 0; i < 40; i++) {
        assert_true(journal_has_room(file->journal));
        uint64_t seq = journal_file_add_sized(file, "large", LIMITS_COMMAND_BYTES);
        journal_file_decide(file, seq, 0);
        assert_int_equal(journal_bury(file->journal, seq, STR("x"), file->wall_ms, &file->why),
                         ERR_NONE);
        journal_file_finish(file, seq);
        journal_file_commit(file);
    }
    int64_t dead = journal_file_ask(file, "SELECT count(*) FROM dead");
    assert_in_range(dead, 15, 30);
    assert_int_equal(journal_file_ask(file, "SELECT min(seq) FROM dead"), 41 - dead);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM commands"), dead);
}

static void a_full_disk_is_survived_and_heals(void **state)
{
    struct journal_file *file = *state;
    faulty_disk_put_in();
    journal_file_open(file);
    assert_true(journal_has_room(file->journal));
    assert_int_equal(size_of(file, ".reserve"), JOURNAL_SPACE_RESERVE_BYTES);
    uint64_t kept = journal_file_add_sized(file, "kept", 50000);
    journal_file_commit(file);

    faulty_disk_fill(true);
    journal_file_add_sized(file, "lost", 50000);
    assert_int_equal(journal_commit(file->journal, file->wall_ms, &file->why), ERR_FULL);
    assert_int_equal(size_of(file, ".reserve"), -1);
    journal_file_close(file);

    faulty_disk_fill(false); /* by the reserve that was given up */
    journal_file_open(file);
    journal_file_decide(file, kept, 0);
    journal_file_commit(file);
    journal_file_finish(file, kept);
    journal_file_commit(file);
    assert_int_equal(journal_file_find(file, "lost"), -1);
    assert_int_equal(journal_file_find(file, "kept"), JOURNAL_FINISHED);
    assert_true(journal_has_room(file->journal)); /* the real disk has room: it is held again */
    assert_int_equal(size_of(file, ".reserve"), JOURNAL_SPACE_RESERVE_BYTES);
}

/* Until there is room again, which the journal finds out by itself. */
static void wait_for_room(struct journal_file *file)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    for (int i = 0; i < 200 && !journal_has_room(file->journal); i++)
        nanosleep(&pause, NULL);
    assert_true(journal_has_room(file->journal));
}

/* The log needs no more of the disk than it has, but the database does. Nothing is lost by that. */
static void a_disk_too_full_for_a_checkpoint_takes_in_no_more(void **state)
{
    struct journal_file *file = *state;
    faulty_disk_put_in();
    file->options.bytes_max = 64 * MIB;
    journal_file_open(file);
    for (int i = 0; i < 1300; i++)
        journal_file_add_sized(file, "a", 3000);
    journal_file_commit(file);
    assert_true(size_of(file, "-wal") > 1024 * JOURNAL_SPACE_LOG_PAGES);
    journal_file_pass(file, "the log begins at its start again");
    faulty_disk_fill(true);
    int added = 0;
    for (; journal_has_room(file->journal); added++) {
        assert_true(added < 1000);
        journal_file_add_sized(file, "b", 3000);
        journal_file_commit(file);
    }
    assert_true(added > 100);
    faulty_disk_fill(false);
    wait_for_room(file);
    journal_file_crash(file);
    journal_file_open(file);
    assert_int_equal(journal_file_unfinished(file), 1300 + added);
}

static void a_log_that_a_reader_holds_is_bounded(void **state)
{
    struct journal_file *file = *state;
    struct sqlite3 *reader = NULL;
    file->options.bytes_max = 400 * MIB;
    journal_file_open(file);
    journal_file_pass(file, "a");
    assert_int_equal(sqlite3_open(file->path, &reader), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM commands", NULL, NULL, NULL),
                     SQLITE_OK);
    int added = fill(file, LIMITS_COMMAND_BYTES, 8);
    assert_in_range(size_of(file, "-wal"), 64 * MIB, 70 * MIB);
    assert_in_range(added, 400, 600);
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    journal_file_add(file, "b");
    journal_file_commit(file);
    assert_true(journal_has_room(file->journal));
    journal_file_add(file, "c");
    journal_file_commit(file);
    assert_true(size_of(file, "-wal") < 5 * MIB);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_leaves_the_window_is_collected),
        CASE(what_is_not_finished_is_never_collected),
        CASE(what_was_taken_in_can_be_finished),
        CASE(answered_ones_make_room_for_new_ones),
        CASE(room_comes_without_a_commit_of_the_bridge),
        CASE(dead_letters_have_a_maximum),
        CASE(dead_letters_make_room_last),
        CASE(a_full_disk_is_survived_and_heals),
        CASE(a_disk_too_full_for_a_checkpoint_takes_in_no_more),
        CASE(a_log_that_a_reader_holds_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
