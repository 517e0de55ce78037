/*
 * Decided commands on their way from the loop thread to the admin thread: a ring that one thread
 * writes and one reads, without locks. The writer never waits and never looks at the reader: it
 * writes over the oldest, and a reader that comes too late is told how many it has missed.
 */
#ifndef DAEMON_NEWS_H
#define DAEMON_NEWS_H

#include "base/limits.h"
#include "bridge/port.h"

/* Bytes that are kept; a longer text ends in an ellipsis. */
#define NEWS_FIELD   120
#define NEWS_MESSAGE 240

struct news_item {
    int64_t at_ms; /* wall clock */
    int64_t latency_ms;
    uint32_t attempts;
    uint32_t shared_by;
    uint8_t code; /* enum reject */
    bool is_dry_run;
    /* NUL terminated; "": absent. */
    char thing[LIMITS_THING_NAME + 1];
    char field[NEWS_FIELD + 1];
    char message[NEWS_MESSAGE + 1];
    char job[LIMITS_JOB_ID + 1];
    char namespace[LIMITS_NAMESPACE_ID + 1];
};

struct news;

nodiscard enum err news_new(struct news **ret);
void news_free(struct news *news);

/* Loop thread. True now and then: the reader had better come soon. */
bool news_add(struct news *news, const struct decision *decision, int64_t wall_ms);

/* Admin thread. The oldest that was not taken; false: there is none. What was written over in the
 * meantime is added to *missed. */
bool news_take(struct news *news, struct news_item *ret, uint64_t *missed);

#endif
