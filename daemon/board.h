/*
 * The dashboard's side of the admin thread: it takes the news and the snapshots of the loop thread,
 * keeps what is shown (a roster of jobs and one of things, the last commands, the last minutes) and
 * tells it to those who watch. Everything here runs on the admin thread but news_add and the
 * publishing of snapshots, which are the loop's.
 */
#ifndef DAEMON_BOARD_H
#define DAEMON_BOARD_H

#include "daemon/history.h"
#include "daemon/news.h"
#include "daemon/recent.h"
#include "daemon/roster.h"
#include "daemon/snapshot.h"
#include "http/stream.h"

/* All of it must outlive the board. */
struct board_options {
    struct snapshot_exchange *snapshots;
    struct news *news; /* NULL: nobody tells any */
};

struct board {
    struct board_options options;
    int64_t run; /* names this run in the ids of events: when it began, by the wall clock */
    struct roster jobs;
    struct roster things;
    struct recent recent;
    struct history history;
    struct spread latency;   /* of what was decided since the last sample */
    struct snapshot sampled; /* at the last sample */
    int64_t sample_ms;       /* when the next one is due, on the monotonic clock */
    int64_t sampled_mono_ms; /* when the last one was taken; 0: there was none */
    uint64_t missed;         /* news that came faster than they were taken */
    uint64_t sent;           /* number of the last command that those who watch were told of */
    int64_t tell_ms;         /* when they are told of more, at the earliest */
    unsigned watchers;
    struct buf message;
};

nodiscard enum err board_new(const struct board_options *options, struct board **ret);
void board_free(struct board *board);

/* A server_tick_fn, but for its first parameter. */
int64_t board_tick(struct board *board, struct stream_set *streams, int64_t mono_ms,
                   int64_t wall_ms);

/* GET /api/events: opens a stream that begins with the state and the last commands, those behind
 * Last-Event-ID where it is one of this run. */
void board_watch(struct board *board, const struct server_request *request,
                 struct server_response *response);

#endif
