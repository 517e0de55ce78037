/* The board under a clock of the test's own. */
#include "daemon/board.h"
#include "daemon/board_json.h"
#include "tests/check.h"

#include <jansson.h>
#include <stdio.h>

static struct snapshot_exchange snapshots;
static struct snapshot now;
static struct news *news;
static struct board *board;
static struct stream_set streams;
static int64_t mono_ms;

static int set_up(void **state)
{
    (void)state;
    snapshot_init(&snapshots);
    stream_init(&streams);
    now = (struct snapshot){.has_journal = true, .links[SIDE_LOCAL].is_connected = true};
    mono_ms = 5000;
    if (news_new(&news) != ERR_NONE)
        return 1;
    const struct board_options options = {
        .snapshots = &snapshots,
        .news = news,
    };
    return board_new(&options, &board) == ERR_NONE ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    board_free(board);
    news_free(news);
    return 0;
}

static int64_t tick_after(int64_t ms)
{
    mono_ms += ms;
    now.taken_mono_ms = mono_ms;
    snapshot_publish(&snapshots, &now);
    return board_tick(board, &streams, mono_ms, 1700000000000 + mono_ms);
}

static void decide(const char *job, const char *thing, int64_t code, int64_t latency_ms)
{
    const struct decision decision = {
        .job = str_of(job),
        .thing = str_of(thing),
        .code = code,
        .message = code != 0 ? STR("it says \"no\"") : STR_NONE,
        .latency_ms = latency_ms,
        .attempts = 1,
        .shared_by = 1,
    };
    (void)news_add(news, &decision, 1700000000000);
}

static json_t *parse(struct str text)
{
    json_error_t error;
    json_t *json = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        fail_msg("%s: %.*s", error.text, STR_ARG(text));
    return json;
}

static json_int_t int_of(const json_t *json, const char *key)
{
    assert_true(json_is_integer(json_object_get(json, key)));
    return json_integer_value(json_object_get(json, key));
}

static void samples_are_what_has_changed_in_a_second(void **state)
{
    (void)state;
    now.books.received = now.books.accepted = 1000;
    assert_int_equal(tick_after(0), 1000);
    assert_int_equal(history_count(&board->history), 0);
    now.books.received = 1012;
    now.books.accepted = 1007;
    now.books.rejected = 3;
    now.books.waiting = 2;
    decide("j", "t", 0, 4);
    decide("j", "t", 0, 4);
    decide("j", "t", 0, 9);
    assert_int_equal(tick_after(400), 600);
    assert_int_equal(history_count(&board->history), 0);
    assert_int_equal(tick_after(600), 1000);
    assert_int_equal(history_count(&board->history), 1);
    const struct history_sample *sample = history_at(&board->history, 0);
    assert_int_equal(sample->took_ms, 1000);
    assert_int_equal(sample->received, 12);
    assert_int_equal(sample->accepted, 7);
    assert_int_equal(sample->rejected, 3);
    assert_int_equal(sample->waiting, 2);
    assert_int_equal(sample->p50_ms, 4);
    assert_int_equal(sample->p99_ms, 9);
    tick_after(1000);
    assert_int_equal(history_at(&board->history, 1)->accepted, 0);
    assert_int_equal(history_at(&board->history, 1)->p50_ms, -1);
}

static void books_that_go_back_count_nothing(void **state)
{
    (void)state;
    now.books.received = 10;
    tick_after(0);
    now.books.received = 4;
    tick_after(1000);
    assert_int_equal(history_at(&board->history, 0)->received, 0);
}

static void jobs_and_things_are_counted(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 65536);
    decide("j", "t", 0, 4);
    decide("j", "", 4, 20);
    decide("", "t", 1, 0);
    tick_after(0);
    board_json_roster(&board->jobs, &out);
    json_t *jobs = parse(buf_str(&out));
    const json_t *row = json_array_get(json_object_get(jobs, "rows"), 0);
    assert_int_equal(int_of(jobs, "total"), 1);
    assert_int_equal(int_of(row, "accepted"), 1);
    assert_int_equal(int_of(row, "rejected"), 1);
    assert_int_equal(int_of(row, "max"), 20);
    assert_int_equal(int_of(row, "p99"), 20);
    assert_string_equal(json_string_value(json_object_get(row, "lastCode")), "ResourceNotFound");
    assert_int_equal(board->things.map.count, 1);
    json_decref(jobs);
    buf_fini(&out);
}

static void the_state_is_told_whole(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 65536);
    now.books.received = 3;
    now.books.waiting = 3;
    now.speed.rate = 2.5;
    now.links[SIDE_LOCAL].is_connected = false;
    snprintf(now.links[SIDE_LOCAL].problem, sizeof now.links[SIDE_LOCAL].problem, "refused");
    tick_after(0);
    tick_after(1000);
    board_json_state(board, true, &out);
    json_t *json = parse(buf_str(&out));
    assert_int_equal(int_of(json_object_get(json, "books"), "waiting"), 3);
    assert_true(json_is_false(json_object_get(json, "ready")));
    assert_true(json_array_size(json_object_get(json, "reasons")) >= 1);
    assert_true(json_real_value(json_object_get(json_object_get(json, "speed"), "rate")) == 2.5);
    assert_int_equal(json_array_size(json_object_get(json, "history")), 1);
    assert_int_equal(json_array_size(json_array_get(json_object_get(json, "history"), 0)), 10);
    json_decref(json);
    buf_fini(&out);
}

/* The data of the last event of that kind in the message. */
static json_t *event(const char *name)
{
    char begin[64];
    const char *message = buf_text(&board->message);
    snprintf(begin, sizeof begin, "event: %s\ndata: ", name);
    const char *at = strstr(message, begin);
    assert_non_null(at);
    at += strlen(begin);
    return parse((struct str){at, strcspn(at, "\n")});
}

static void of_many_commands_only_the_newest_are_sent(void **state)
{
    (void)state;
    streams.count = 1;
    tick_after(0);
    for (int i = 0; i < 25; i++)
        decide("j", "t", i == 24 ? 3 : 0, i);
    assert_int_equal(tick_after(200), 200);
    json_t *json = event("command");
    const json_t *commands = json_object_get(json, "commands");
    char id[64];
    snprintf(id, sizeof id, "id: %lld.25\n", (long long)board->run);
    check_has(buf_text(&board->message), id);
    assert_null(strstr(buf_text(&board->message), "event: state"));
    assert_int_equal(json_array_size(commands), LIMITS_NEWS_SENT);
    assert_int_equal(int_of(json, "skipped"), 25 - LIMITS_NEWS_SENT);
    const json_t *last = json_array_get(commands, LIMITS_NEWS_SENT - 1);
    assert_int_equal(int_of(last, "number"), 25);
    assert_string_equal(json_string_value(json_object_get(last, "message")), "it says \"no\"");
    json_decref(json);
    decide("j", "t", 0, 1);
    assert_int_equal(tick_after(50), 150); /* woken before its time */
    assert_null(strstr(buf_text(&board->message), "event: command"));
    tick_after(150);
    json = event("command");
    assert_int_equal(json_array_size(json_object_get(json, "commands")), 1);
    assert_int_equal(int_of(json, "skipped"), 0);
    json_decref(json);
    tick_after(200);
    assert_null(strstr(buf_text(&board->message), "event: command"));
    tick_after(1000);
    json_decref(event("state"));
}

static void news_that_are_lost_are_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3 * LIMITS_NEWS; i++)
        decide("j", "t", 0, 0);
    tick_after(0);
    assert_int_equal(board->missed + board->recent.last, 3 * LIMITS_NEWS);
    assert_true(board->missed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(samples_are_what_has_changed_in_a_second, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(books_that_go_back_count_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(jobs_and_things_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_state_is_told_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_many_commands_only_the_newest_are_sent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(news_that_are_lost_are_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
