#include "base/buf.h"
#include "store/journal.h"
#include "tests/check.h"
#include "tests/store/faulty_disk.h"
#include "tests/store/journal_file.h"

static int set_up(void **state)
{
    static struct journal_file file;
    journal_file_init(&file);
    journal_file_open(&file);
    *state = &file;
    return 0;
}

static int tear_down(void **state)
{
    journal_file_fini(*state);
    return 0;
}

static const struct journal_entry full_entry = {
    .seq = 1,
    .state = JOURNAL_DECIDED,
    .topic = STR("jobs-bridge/things/p/jobs/j/update"),
    .payload = STR("{\"a\":\"\0\xff\"}"),
    .response_topic = STR("replies/7"),
    .correlation = STR("\0\1\0"),
    .repeat_of = STR("\0token\0"),
    .qos = 1,
    .arrived_at_ms = JOURNAL_FILE_WALL_MS,
    .expires_at_ms = JOURNAL_FILE_WALL_MS + 5000,
    .ending =
        {
            .code = 3,
            .field = STR("timeoutConfig"),
            .message = STR("too \"long\""),
            .request_id = STR("0a1b"),
            .retry_after_s = 20,
            .decided_at_s = JOURNAL_FILE_WALL_MS / 1000,
            .latency_ms = 42,
            .attempts = 2,
            .shared_by = 3,
        },
};

static void check_same(const struct journal_entry *a, const struct journal_entry *b)
{
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->state, b->state);
    assert_true(str_eq(a->topic, b->topic));
    assert_true(str_eq(a->payload, b->payload));
    assert_true(str_eq(a->response_topic, b->response_topic));
    assert_true(str_eq(a->correlation, b->correlation));
    assert_true(str_eq(a->repeat_of, b->repeat_of));
    assert_int_equal(str_is_absent(a->correlation), str_is_absent(b->correlation));
    assert_int_equal(str_is_absent(a->repeat_of), str_is_absent(b->repeat_of));
    assert_int_equal(a->qos, b->qos);
    assert_int_equal(a->arrived_at_ms, b->arrived_at_ms);
    assert_int_equal(a->expires_at_ms, b->expires_at_ms);
    assert_int_equal(a->ending.code, b->ending.code);
    assert_true(str_eq(a->ending.field, b->ending.field));
    assert_true(str_eq(a->ending.message, b->ending.message));
    assert_true(str_eq(a->ending.request_id, b->ending.request_id));
    assert_int_equal(a->ending.retry_after_s, b->ending.retry_after_s);
    assert_int_equal(a->ending.decided_at_s, b->ending.decided_at_s);
    assert_int_equal(a->ending.latency_ms, b->ending.latency_ms);
    assert_int_equal(a->ending.attempts, b->ending.attempts);
    assert_int_equal(a->ending.shared_by, b->ending.shared_by);
}

static enum err check_full(void *context, const struct journal_entry *entry)
{
    check_same(entry, &full_entry);
    ++*(int *)context;
    return ERR_NONE;
}

static void every_byte_comes_back(void **state)
{
    struct journal_file *file = *state;
    assert_int_equal(journal_add(file->journal, &full_entry, &file->why), ERR_NONE);
    journal_file_commit(file);
    for (int opened = 1; opened <= 2; opened++) {
        int seen = 0;
        struct journal_entry found;
        assert_int_equal(journal_each(file->journal, check_full, &seen, &file->why), ERR_NONE);
        assert_int_equal(seen, 1);
        assert_int_equal(
            journal_find(file->journal, &full_entry, file->wall_ms, &found, &file->why), ERR_NONE);
        check_same(&found, &full_entry);
        journal_file_reopen(file);
    }
}

static void absent_and_empty_are_two_things(void **state)
{
    struct journal_file *file = *state;
    const struct journal_entry entry = {.seq = 1,
                                        .topic = STR("t"),
                                        .payload = STR(""),
                                        .correlation = STR(""),
                                        .arrived_at_ms = file->wall_ms,
                                        .expires_at_ms = -1};
    struct journal_entry found;
    assert_int_equal(journal_add(file->journal, &entry, &file->why), ERR_NONE);
    assert_int_equal(journal_find(file->journal, &entry, file->wall_ms, &found, &file->why),
                     ERR_NONE);
    check_str(found.payload, "");
    check_str(found.correlation, "");
    check_str(found.repeat_of, NULL);
    check_str(found.response_topic, NULL);
    check_str(found.ending.message, NULL);
    assert_int_equal(found.ending.retry_after_s, -1);
}

static void a_command_walks_from_open_to_finished(void **state)
{
    struct journal_file *file = *state;
    uint64_t seq = journal_file_add(file, "a");
    journal_file_commit(file);
    journal_file_reopen(file);
    assert_int_equal(journal_file_find(file, "a"), JOURNAL_OPEN);
    journal_file_decide(file, seq, 0);
    journal_file_commit(file);
    journal_file_reopen(file);
    assert_int_equal(journal_file_find(file, "a"), JOURNAL_DECIDED);
    assert_int_equal(journal_file_unfinished(file), 1);
    journal_file_finish(file, seq);
    journal_file_commit(file);
    journal_file_reopen(file);
    assert_int_equal(journal_file_find(file, "a"), JOURNAL_FINISHED);
    assert_int_equal(journal_file_unfinished(file), 0);
}

static enum err check_rising(void *context, const struct journal_entry *entry)
{
    uint64_t *before = context;
    assert_true(entry->seq > *before);
    *before = entry->seq;
    return ERR_NONE;
}

static void the_unfinished_come_in_order_of_arrival(void **state)
{
    struct journal_file *file = *state;
    uint64_t last = 0;
    for (int i = 0; i < 50; i++) {
        uint64_t seq = journal_file_add(file, "a");
        if (i % 3 != 0)
            journal_file_decide(file, seq, 0);
        if (i % 3 == 2)
            journal_file_finish(file, seq);
    }
    assert_int_equal(journal_each(file->journal, check_rising, &last, &file->why), ERR_NONE);
    assert_int_equal(journal_file_unfinished(file), 34);
}

static enum err refuse(void *context, const struct journal_entry *entry)
{
    (void)entry;
    ++*(int *)context;
    return ERR_NO_MEMORY;
}

static void a_visitor_that_fails_ends_the_visit(void **state)
{
    struct journal_file *file = *state;
    int seen = 0;
    journal_file_add(file, "a");
    journal_file_add(file, "b");
    assert_int_equal(journal_each(file->journal, refuse, &seen, &file->why), ERR_NO_MEMORY);
    assert_int_equal(seen, 1);
}

static void totals_and_numbers_outlive_the_commands(void **state)
{
    struct journal_file *file = *state;
    for (int i = 0; i < 5; i++)
        journal_file_pass(file, "a");
    uint64_t refused = journal_file_add(file, "b");
    journal_file_decide(file, refused, 4);
    journal_file_finish(file, refused);
    file->wall_ms += 2 * JOURNAL_FILE_WINDOW_MS;
    uint64_t open = journal_file_add(file, "c");
    journal_file_commit(file);
    journal_file_decide(file, open, 0);
    journal_file_finish(file, open);
    file->wall_ms += 2 * JOURNAL_FILE_WINDOW_MS;
    journal_file_commit(file);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM commands"), 0);
    assert_int_equal(journal_file_ask(file, "SELECT count(*) FROM endings"), 0);
    journal_file_reopen(file);
    struct journal_totals totals = journal_file_totals(file);
    assert_int_equal(totals.received, 7);
    assert_int_equal(totals.accepted, 6);
    assert_int_equal(totals.rejected, 1);
    assert_int_equal(totals.next_seq, 8);
}

static void what_was_not_committed_is_lost(void **state)
{
    struct journal_file *file = *state;
    uint64_t kept = journal_file_add(file, "kept");
    journal_file_commit(file);
    journal_file_decide(file, kept, 0);
    journal_file_add(file, "lost");
    journal_file_reopen(file);
    assert_int_equal(journal_file_find(file, "lost"), -1);
    assert_int_equal(journal_file_find(file, "kept"), JOURNAL_OPEN);
    struct journal_totals totals = journal_file_totals(file);
    assert_int_equal(totals.received, 1);
    assert_int_equal(totals.accepted, 0);
    assert_int_equal(totals.next_seq, 2);
}

static void what_was_committed_outlives_a_kill(void **state)
{
    struct journal_file *file = *state;
    journal_file_pass(file, "done");
    journal_file_add(file, "open");
    journal_file_commit(file);
    journal_file_add(file, "lost");
    journal_file_crash(file);
    journal_file_open(file);
    assert_string_equal(file->set_aside, "");
    assert_int_equal(journal_file_find(file, "done"), JOURNAL_FINISHED);
    assert_int_equal(journal_file_find(file, "open"), JOURNAL_OPEN);
    assert_int_equal(journal_file_find(file, "lost"), -1);
    assert_int_equal(journal_file_totals(file).received, 2);
}

static void a_repeat_is_found_within_the_window(void **state)
{
    struct journal_file *file = *state;
    journal_file_pass(file, "a");
    assert_int_equal(journal_file_find(file, "b"), -1);
    file->wall_ms += JOURNAL_FILE_WINDOW_MS;
    assert_int_equal(journal_file_find(file, "a"), JOURNAL_FINISHED);
    file->wall_ms += 1;
    assert_int_equal(journal_file_find(file, "a"), -1);
}

static void one_that_is_not_finished_is_found_however_old(void **state)
{
    struct journal_file *file = *state;
    uint64_t seq = journal_file_add(file, "a");
    journal_file_commit(file);
    file->wall_ms += 10 * JOURNAL_FILE_WINDOW_MS;
    assert_int_equal(journal_file_find(file, "a"), JOURNAL_OPEN);
    journal_file_decide(file, seq, 0);
    journal_file_commit(file);
    assert_int_equal(journal_file_find(file, "a"), JOURNAL_DECIDED);
    journal_file_finish(file, seq);
    assert_int_equal(journal_file_find(file, "a"), -1);
}

static void the_newest_of_several_is_found(void **state)
{
    struct journal_file *file = *state;
    journal_file_pass(file, "a");
    file->wall_ms += 2 * JOURNAL_FILE_WINDOW_MS;
    journal_file_add(file, "a");
    assert_int_equal(journal_file_find(file, "a"), JOURNAL_OPEN);
}

/* A topic of its own, a token that is another's payload: all are other commands. */
static void only_the_same_is_a_repeat(void **state)
{
    struct journal_file *file = *state;
    const struct journal_entry known = {.seq = 1,
                                        .topic = STR("t"),
                                        .payload = STR("p"),
                                        .arrived_at_ms = file->wall_ms,
                                        .expires_at_ms = -1};
    const struct {
        struct journal_entry like;
        enum err err;
    } cases[] = {
        {{.topic = STR("t"), .payload = STR("p")}, ERR_NONE},
        {{.topic = STR("u"), .payload = STR("p")}, ERR_NOT_FOUND},
        {{.topic = STR("t"), .payload = STR("q")}, ERR_NOT_FOUND},
        {{.topic = STR("t"), .payload = STR("p"), .repeat_of = STR("p")}, ERR_NOT_FOUND},
        {{.topic = STR("t"), .payload = STR("p\0")}, ERR_NOT_FOUND},
    };
    assert_int_equal(journal_add(file->journal, &known, &file->why), ERR_NONE);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct journal_entry found;
        assert_int_equal(
            journal_find(file->journal, &cases[i].like, file->wall_ms, &found, &file->why),
            cases[i].err);
    }
}

static void reading_leaves_no_transaction_open(void **state)
{
    struct journal_file *file = *state;
    journal_file_pass(file, "a");
    assert_int_equal(journal_file_find(file, "a"), JOURNAL_FINISHED);
    assert_int_equal(journal_file_unfinished(file), 0);
    journal_file_ask(file, "INSERT INTO dead VALUES (1, 2, 'somebody else writes')");
    journal_file_add(file, "b");
    journal_file_commit(file);
}

static void a_missing_command_is_told(void **state)
{
    struct journal_file *file = *state;
    assert_int_equal(journal_finish(file->journal, 77, &file->why), ERR_DAMAGED);
    check_has(file->why.text, "missing");
}

static void the_first_failure_is_for_good(void **state)
{
    struct journal_file *file = *state;
    struct journal_entry found;
    const struct ending ending = {0};
    journal_file_add(file, "a");
    assert_int_equal(journal_add(file->journal, &(struct journal_entry){.seq = 1}, &file->why),
                     ERR_IO); /* no topic */
    struct why why = {0};
    assert_int_equal(journal_add(file->journal, &full_entry, &why), ERR_IO);
    assert_string_equal(why.text, file->why.text);
    assert_int_equal(journal_decide(file->journal, 1, &ending, &why), ERR_IO);
    assert_int_equal(journal_finish(file->journal, 1, &why), ERR_IO);
    assert_int_equal(journal_bury(file->journal, 1, STR("x"), 0, &why), ERR_IO);
    assert_int_equal(journal_find(file->journal, &full_entry, 0, &found, &why), ERR_IO);
    assert_int_equal(journal_commit(file->journal, file->wall_ms, &why), ERR_IO);
    assert_false(journal_has_room(file->journal));
    journal_file_reopen(file);
    assert_int_equal(journal_file_totals(file).received, 0);
    journal_file_pass(file, "works again");
}

static void a_failed_sync_is_not_tried_again_on_its_handle(void **state)
{
    struct journal_file *file = *state;
    journal_file_close(file);
    faulty_disk_put_in();
    file->options.sync = STORE_SYNC_FULL;
    journal_file_open(file);
    journal_file_pass(file, "kept");
    journal_file_add(file, "lost");
    faulty_disk_fail_sync(1);
    assert_int_equal(journal_commit(file->journal, file->wall_ms, &file->why), ERR_IO);
    assert_true(faulty_disk_has_failed());
    assert_int_equal(journal_commit(file->journal, file->wall_ms, &file->why), ERR_IO);
    journal_file_reopen(file);
    assert_false(faulty_disk_was_trusted_again());
    assert_int_equal(journal_file_find(file, "kept"), JOURNAL_FINISHED);
    journal_file_pass(file, "after");
    journal_file_reopen(file);
    assert_int_equal(journal_file_find(file, "after"), JOURNAL_FINISHED);
    faulty_disk_put_in();
}

/* SQLite itself would keep silent about it. */
static void a_failed_checkpoint_is_told(void **state)
{
    struct journal_file *file = *state;
    journal_file_close(file);
    faulty_disk_put_in();
    journal_file_open(file);
    enum err err = ERR_NONE;
    faulty_disk_fail_sync(1); /* with sync: normal only a checkpoint syncs */
    for (int i = 0; i < 200 && err == ERR_NONE; i++) {
        journal_file_add_sized(file, "a", 100000);
        err = journal_commit(file->journal, file->wall_ms, &file->why);
    }
    assert_int_equal(err, ERR_IO);
    check_has(file->why.text, "checkpoint");
    uint64_t received = journal_file_totals(file).received;
    journal_file_reopen(file);
    assert_false(faulty_disk_was_trusted_again());
    assert_int_equal(journal_file_totals(file).received, received);
    faulty_disk_put_in();
}

static void remember(struct journal_file *file, const char *job, const char *text)
{
    assert_int_equal(journal_remember(file->journal, str_of(job), str_of(text), &file->why),
                     ERR_NONE);
}

static enum err list_memory(void *context, struct str job, struct str text)
{
    buf_format(context, "%.*s=%.*s ", STR_ARG(job), STR_ARG(text));
    return ERR_NONE;
}

static void check_memories(struct journal_file *file, const char *expected)
{
    struct buf found;
    buf_init(&found, 1024);
    assert_int_equal(journal_each_memory(file->journal, list_memory, &found, &file->why), ERR_NONE);
    assert_string_equal(buf_text(&found), expected);
    buf_fini(&found);
}

static void memories_are_kept_in_order_of_their_change(void **state)
{
    struct journal_file *file = *state;
    remember(file, "a", "1");
    remember(file, "b", "2");
    remember(file, "c", "3");
    remember(file, "a", "4");
    remember(file, "b", NULL);
    remember(file, "never", NULL);
    journal_file_commit(file);
    journal_file_reopen(file);
    check_memories(file, "c=3 a=4 ");
    remember(file, "c", "5");
    journal_file_commit(file);
    check_memories(file, "a=4 c=5 ");
}

static void a_memory_comes_and_goes_with_the_decision(void **state)
{
    struct journal_file *file = *state;
    uint64_t seq = journal_file_add(file, "t");
    journal_file_commit(file);
    remember(file, "j", "1");
    journal_file_decide(file, seq, 0);
    journal_file_crash(file);
    journal_file_open(file);
    check_memories(file, "");
    assert_int_equal(journal_file_find(file, "t"), JOURNAL_OPEN);
    remember(file, "j", "1");
    journal_file_decide(file, seq, 0);
    journal_file_commit(file);
    journal_file_crash(file);
    journal_file_open(file);
    check_memories(file, "j=1 ");
    assert_int_equal(journal_file_find(file, "t"), JOURNAL_DECIDED);
}

static enum err stop(void *context, struct str job, struct str text)
{
    (void)job;
    (void)text;
    ++*(int *)context;
    return ERR_NO_MEMORY;
}

static void a_visitor_of_memories_may_stop(void **state)
{
    struct journal_file *file = *state;
    int visits = 0;
    remember(file, "a", "1");
    remember(file, "b", "2");
    assert_int_equal(journal_each_memory(file->journal, stop, &visits, &file->why), ERR_NO_MEMORY);
    assert_int_equal(visits, 1);
}

static void what_it_does_and_holds_is_told(void **state)
{
    struct journal_file *file = *state;
    struct journal_stats stats = journal_stats(file->journal);
    assert_int_equal(stats.commits, 0);
    assert_int_equal(stats.unfinished, 0);
    assert_int_equal(stats.bytes_max, file->options.bytes_max);
    uint64_t empty = stats.bytes;
    uint64_t seq = journal_file_add_sized(file, "a", 100000);
    stats = journal_stats(file->journal);
    assert_int_equal(stats.commits, 0);
    assert_int_equal(stats.unfinished, 1);
    assert_true(stats.bytes >= empty + 100000);
    journal_file_commit(file);
    journal_file_commit(file); /* of nothing */
    journal_file_decide(file, seq, 0);
    journal_file_finish(file, seq);
    journal_file_commit(file);
    stats = journal_stats(file->journal);
    assert_int_equal(stats.commits, 2);
    assert_int_equal(histogram_total(&stats.commit_latency), 2);
    assert_int_equal(stats.unfinished, 0);
    assert_true(stats.bytes >= empty + 100000);
    file->options.stats = stats;
    journal_file_reopen(file);
    journal_file_pass(file, "b");
    stats = journal_stats(file->journal);
    assert_int_equal(stats.commits, 5);
    assert_int_equal(histogram_total(&stats.commit_latency), 5);
}

static void dead_letters_are_counted(void **state)
{
    struct journal_file *file = *state;
    uint64_t count = 7;
    assert_int_equal(journal_count_dead(file->journal, &count, &file->why), ERR_NONE);
    assert_int_equal(count, 0);
    uint64_t seq = journal_file_add(file, "a");
    journal_file_decide(file, seq, 0);
    assert_int_equal(journal_bury(file->journal, seq, STR("x"), file->wall_ms, &file->why),
                     ERR_NONE);
    journal_file_finish(file, seq);
    journal_file_commit(file);
    assert_int_equal(journal_count_dead(file->journal, &count, &file->why), ERR_NONE);
    assert_int_equal(count, 1);
    (void)journal_file_ask(file, "SELECT count(*) FROM dead"); /* no reading is open */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(every_byte_comes_back),
        CASE(absent_and_empty_are_two_things),
        CASE(a_command_walks_from_open_to_finished),
        CASE(the_unfinished_come_in_order_of_arrival),
        CASE(a_visitor_that_fails_ends_the_visit),
        CASE(totals_and_numbers_outlive_the_commands),
        CASE(what_was_not_committed_is_lost),
        CASE(what_was_committed_outlives_a_kill),
        CASE(a_repeat_is_found_within_the_window),
        CASE(one_that_is_not_finished_is_found_however_old),
        CASE(the_newest_of_several_is_found),
        CASE(only_the_same_is_a_repeat),
        CASE(reading_leaves_no_transaction_open),
        CASE(a_missing_command_is_told),
        CASE(the_first_failure_is_for_good),
        CASE(a_failed_sync_is_not_tried_again_on_its_handle),
        CASE(a_failed_checkpoint_is_told),
        CASE(memories_are_kept_in_order_of_their_change),
        CASE(a_memory_comes_and_goes_with_the_decision),
        CASE(a_visitor_of_memories_may_stop),
        CASE(what_it_does_and_holds_is_told),
        CASE(dead_letters_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
