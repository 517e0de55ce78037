#include "daemon/board.h"

#include "base/now.h"
#include "daemon/board_json.h"

#include <stdio.h>
#include <stdlib.h>

#define SAMPLE_EVERY_MS INT64_C(1000)
/* How often those who watch are told of decided commands: with LIMITS_NEWS_SENT in a message, at
 * most 50 a second. */
#define TELL_EVERY_MS INT64_C(200)
#define MESSAGE_MAX   LIMITS_STREAM_BYTES
#define EVENT_ID_MAX  48

enum err board_new(const struct board_options *options, struct board **ret)
{
    struct board *board = calloc(1, sizeof *board);
    if (board == NULL)
        return ERR_NO_MEMORY;
    board->options = *options;
    board->run = now_wall_ms();
    roster_init(&board->jobs);
    roster_init(&board->things);
    buf_init(&board->message, MESSAGE_MAX);
    *ret = board;
    return ERR_NONE;
}

void board_free(struct board *board)
{
    if (board == NULL)
        return;
    roster_fini(&board->jobs);
    roster_fini(&board->things);
    buf_fini(&board->message);
    free(board);
}

static void take_news(struct board *board)
{
    struct news_item item;
    while (board->options.news != NULL && news_take(board->options.news, &item, &board->missed)) {
        roster_count(&board->jobs, item.job, &item);
        roster_count(&board->things, item.thing, &item);
        spread_add(&board->latency, item.latency_ms);
        recent_add(&board->recent, &item);
    }
}

static uint64_t grown(uint64_t now, uint64_t was)
{
    return now > was ? now - was : 0;
}

static void take_sample(struct board *board, int64_t mono_ms, int64_t wall_ms)
{
    const struct snapshot *now = snapshot_latest(board->options.snapshots);
    const struct bridge_books *was = &board->sampled.books;
    const struct history_sample sample = {
        .at_ms = wall_ms,
        .took_ms = mono_ms - board->sampled_mono_ms,
        .received = grown(now->books.received, was->received),
        .accepted = grown(now->books.accepted, was->accepted),
        .rejected = grown(now->books.rejected, was->rejected),
        .calls = grown(now->books.calls, was->calls),
        .waiting = now->books.waiting,
        .rate = now->speed.rate,
        .p50_ms = spread_at(&board->latency, 0.5),
        .p99_ms = spread_at(&board->latency, 0.99),
    };
    /* The first one has nothing before it to be measured against. */
    if (board->sampled.taken_mono_ms > 0)
        history_add(&board->history, &sample);
    board->sampled = *now;
    board->sampled_mono_ms = mono_ms;
    board->sample_ms = mono_ms + SAMPLE_EVERY_MS;
    board->latency = (struct spread){0};
}

static void add_state(struct board *board)
{
    stream_begin_event(&board->message, NULL, "state");
    board_json_state(board, false, &board->message);
    stream_end_event(&board->message);
}

/* The newest commands from that number on, at most max of them. What is before it and was not sent
 * either counts as skipped. */
static void add_commands(struct board *board, uint64_t first, uint64_t skipped, uint64_t max)
{
    uint64_t last = board->recent.last;
    char id[EVENT_ID_MAX];
    if (first == 0)
        return;
    if (last - first + 1 > max) {
        skipped += last - max + 1 - first;
        first = last - max + 1;
    }
    snprintf(id, sizeof id, "%lld.%llu", (long long)board->run, (unsigned long long)last);
    stream_begin_event(&board->message, id, "command");
    board_json_commands(board, first, skipped, &board->message);
    stream_end_event(&board->message);
}

static void add_commands_after(struct board *board, uint64_t known, uint64_t max)
{
    uint64_t first = recent_next(&board->recent, known);
    add_commands(board, first, first - known - 1, max);
}

/* Ticks come more often than that when news come fast. */
static void tell_commands(struct board *board, int64_t mono_ms)
{
    add_commands_after(board, board->sent, LIMITS_NEWS_SENT);
    board->sent = board->recent.last;
    board->tell_ms = mono_ms + TELL_EVERY_MS;
}

int64_t board_tick(struct board *board, struct stream_set *streams, int64_t mono_ms,
                   int64_t wall_ms)
{
    bool is_sample_due = mono_ms >= board->sample_ms;
    bool is_watched = streams->count > 0;
    board->watchers = streams->count;
    take_news(board);
    if (is_sample_due)
        take_sample(board, mono_ms, wall_ms);
    buf_clear(&board->message);
    if (is_watched && is_sample_due)
        add_state(board);
    if (mono_ms >= board->tell_ms)
        tell_commands(board, mono_ms);
    if (is_watched && buf_err(&board->message) == ERR_NONE)
        stream_send(streams, buf_str(&board->message));
    bool is_told_first = is_watched && board->tell_ms < board->sample_ms;
    return (is_told_first ? board->tell_ms : board->sample_ms) - mono_ms;
}

/* The number in "<run>.<number>", if the run is this one. */
static bool read_id(const struct board *board, struct str id, uint64_t *ret_number)
{
    int64_t run = 0;
    int64_t number = 0;
    struct str of_run = str_cut(&id, '.');
    if (!str_to_int(of_run, 0, INT64_MAX, &run) || run != board->run ||
        !str_to_int(id, 0, INT64_MAX, &number) || (uint64_t)number > board->recent.last)
        return false;
    *ret_number = (uint64_t)number;
    return true;
}

void board_watch(struct board *board, const struct server_request *request,
                 struct server_response *response)
{
    enum err err = stream_open(request, response);
    if (err != ERR_NONE) {
        response->status = 503;
        server_response_header(response, "Retry-After", STR("10"));
        board_json_problem(&response->body,
                           err == ERR_FULL ? "as many watch already as may" : "out of memory");
        return;
    }
    uint64_t known = 0;
    bool comes_back = read_id(board, server_header(request, "Last-Event-ID"), &known);
    buf_clear(&board->message);
    buf_add_text(&board->message, "retry: 2000\n\n");
    add_state(board);
    if (comes_back)
        add_commands_after(board, known, LIMITS_RECENT);
    else
        add_commands(board, recent_next(&board->recent, 0), 0, LIMITS_RECENT);
    buf_add(&response->body, buf_str(&board->message));
}
