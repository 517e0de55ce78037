#include "store/dead_letter.h"
#include "tests/check.h"
#include "tests/store/journal_file.h"

#include <stdio.h>
#include <unistd.h>

struct fixture {
    struct journal_file file;
    struct dead_letters *letters;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    journal_file_init(&fixture.file);
    journal_file_open(&fixture.file);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    dead_letter_close(fixture->letters);
    journal_file_fini(&fixture->file);
    return 0;
}

static uint64_t bury(struct fixture *fixture, const char *token, const char *reason)
{
    struct journal_file *file = &fixture->file;
    uint64_t seq = journal_file_add(file, token);
    journal_file_decide(file, seq, 3);
    assert_int_equal(
        journal_bury(file->journal, seq, str_of(reason), file->wall_ms + 7000, &file->why),
        ERR_NONE);
    journal_file_finish(file, seq);
    journal_file_commit(file);
    return seq;
}

static void open_letters(struct fixture *fixture)
{
    struct why why = {0};
    enum err err = dead_letter_open(fixture->file.path, &fixture->letters, &why);
    if (err != ERR_NONE)
        print_error("%s\n", why.text);
    assert_int_equal(err, ERR_NONE);
}

static size_t count(struct fixture *fixture)
{
    struct dead_letter letter = {0};
    size_t n = 0;
    while (dead_letter_next(fixture->letters, letter.id, &letter, NULL) == ERR_NONE)
        n++;
    return n;
}

static void a_letter_tells_all(void **state)
{
    struct fixture *fixture = *state;
    struct dead_letter letter;
    uint64_t id = bury(fixture, "a", "the answer: refused");
    open_letters(fixture);
    assert_int_equal(dead_letter_find(fixture->letters, id, &letter, NULL), ERR_NONE);
    assert_int_equal(letter.id, id);
    assert_int_equal(letter.buried_at_s, JOURNAL_FILE_WALL_MS / 1000 + 7);
    assert_int_equal(letter.arrived_at_ms, JOURNAL_FILE_WALL_MS);
    assert_int_equal(letter.code, 3);
    check_str(letter.reason, "the answer: refused");
    check_str(letter.topic, "jobs-bridge/jobs/j/update");
    check_str(letter.payload, "xxxxxxxxxxxxxxxxxxxx");
    check_str(letter.message, NULL);
    check_str(letter.correlation, NULL);
    check_str(letter.trace.parent, NULL);
    struct why why = {0};
    assert_int_equal(dead_letter_find(fixture->letters, id + 1, &letter, &why), ERR_NOT_FOUND);
    check_has(why.text, "no dead letter 2");
}

static void a_letter_keeps_its_trace(void **state)
{
    static const char parent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    struct fixture *fixture = *state;
    struct journal_file *file = &fixture->file;
    struct dead_letter letter;
    const struct journal_entry entry = {.seq = 1,
                                        .topic = STR("t"),
                                        .payload = STR("{}"),
                                        .trace = {str_of(parent), STR("a=1")},
                                        .arrived_at_ms = file->wall_ms,
                                        .expires_at_ms = -1};
    assert_int_equal(journal_add(file->journal, &entry, &file->why), ERR_NONE);
    assert_int_equal(journal_bury(file->journal, 1, STR("x"), file->wall_ms, &file->why), ERR_NONE);
    journal_file_decide(file, 1, 0);
    journal_file_commit(file);
    open_letters(fixture);
    assert_int_equal(dead_letter_find(fixture->letters, 1, &letter, NULL), ERR_NONE);
    check_str(letter.trace.parent, parent);
    check_str(letter.trace.state, "a=1");
}

static void they_come_in_order_of_arrival(void **state)
{
    struct fixture *fixture = *state;
    uint64_t first = bury(fixture, "a", "1");
    journal_file_pass(&fixture->file, "between");
    uint64_t second = bury(fixture, "b", "2");
    open_letters(fixture);
    struct dead_letter letter;
    assert_int_equal(dead_letter_next(fixture->letters, 0, &letter, NULL), ERR_NONE);
    assert_int_equal(letter.id, first);
    assert_int_equal(dead_letter_next(fixture->letters, first, &letter, NULL), ERR_NONE);
    assert_int_equal(letter.id, second);
    check_str(letter.reason, "2");
    assert_int_equal(dead_letter_next(fixture->letters, second, &letter, NULL), ERR_NOT_FOUND);
}

static void dropped_it_is_gone_with_its_command(void **state)
{
    struct fixture *fixture = *state;
    struct journal_file *file = &fixture->file;
    uint64_t id = bury(fixture, "a", "1");
    uint64_t other = bury(fixture, "b", "2");
    journal_file_pass(file, "alive");
    open_letters(fixture);
    assert_int_equal(dead_letter_drop(fixture->letters, id, NULL), ERR_NONE);
    assert_int_equal(dead_letter_drop(fixture->letters, id, NULL), ERR_NOT_FOUND);
    /* One that is alive is none of ours. */
    assert_int_equal(dead_letter_drop(fixture->letters, other + 1, NULL), ERR_NOT_FOUND);
    assert_int_equal(count(fixture), 1);
    assert_int_equal(journal_file_find(file, "a"), -1);
    assert_int_equal(journal_file_find(file, "alive"), JOURNAL_FINISHED);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM commands"), 2);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM endings"), 2);
}

static void all_at_once(void **state)
{
    struct fixture *fixture = *state;
    int64_t dropped = 0;
    for (int i = 0; i < 5; i++)
        bury(fixture, "a", "x");
    journal_file_pass(&fixture->file, "alive");
    open_letters(fixture);
    assert_int_equal(dead_letter_drop_all(fixture->letters, &dropped, NULL), ERR_NONE);
    assert_int_equal(dropped, 5);
    assert_int_equal(count(fixture), 0);
    assert_int_equal(journal_file_ask(&fixture->file, "SELECT count(*) FROM commands"), 1);
    assert_int_equal(dead_letter_drop_all(fixture->letters, &dropped, NULL), ERR_NONE);
    assert_int_equal(dropped, 0);
}

/* Between calls nothing is held: neither by the one who reads, nor by the journal that goes on. */
static void the_journal_goes_on_beside_it(void **state)
{
    struct fixture *fixture = *state;
    struct dead_letter letter;
    uint64_t id = bury(fixture, "a", "1");
    open_letters(fixture);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(dead_letter_next(fixture->letters, 0, &letter, NULL), ERR_NONE);
        bury(fixture, "b", "2");
        assert_int_equal(journal_file_find(&fixture->file, "b"), JOURNAL_FINISHED);
        check_str(letter.reason, "1"); /* it is a copy */
    }
    assert_int_equal(count(fixture), 4);
    assert_int_equal(dead_letter_drop(fixture->letters, id, NULL), ERR_NONE);
    bury(fixture, "c", "3");
    journal_file_reopen(&fixture->file);
    assert_int_equal(count(fixture), 4);
}

static void without_a_journal_nothing_is_made(void **state)
{
    struct fixture *fixture = *state;
    struct why why = {0};
    char path[160];
    snprintf(path, sizeof path, "%s.none", fixture->file.path);
    assert_int_equal(dead_letter_open(path, &fixture->letters, &why), ERR_NOT_FOUND);
    check_has(why.text, "no journal yet");
    assert_int_equal(access(path, F_OK), -1);
}

static void of_another_version_it_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct why why = {0};
    journal_file_close(&fixture->file);
    journal_file_ask(&fixture->file, "PRAGMA user_version = 99");
    assert_int_equal(dead_letter_open(fixture->file.path, &fixture->letters, &why), ERR_INVALID);
    check_has(why.text, "version 99");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_letter_tells_all),
        CASE(a_letter_keeps_its_trace),
        CASE(they_come_in_order_of_arrival),
        CASE(dropped_it_is_gone_with_its_command),
        CASE(all_at_once),
        CASE(the_journal_goes_on_beside_it),
        CASE(without_a_journal_nothing_is_made),
        CASE(of_another_version_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
