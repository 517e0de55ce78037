/*
 * The names whose commands were decided, jobs or things, with what became of them. At most
 * LIMITS_ROSTER; the one that was seen longest ago goes.
 */
#ifndef DAEMON_ROSTER_H
#define DAEMON_ROSTER_H

#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "daemon/news.h"
#include "daemon/spread.h"

struct roster_row {
    struct map_node map_node;
    struct list_node seen_node;
    char name[LIMITS_THING_NAME + 1];
    uint64_t accepted;
    uint64_t rejected;
    int64_t latency_max_ms;
    struct spread latency;
    int64_t last_at_ms;
    uint8_t last_code; /* enum reject */
};

struct roster {
    struct map map;
    struct list seen;   /* the latest first */
    uint64_t forgotten; /* rows that have gone, and names that found no memory */
};

void roster_init(struct roster *roster);
void roster_fini(struct roster *roster);

/* Counts the command under that name; "" counts nowhere. */
void roster_count(struct roster *roster, const char *name, const struct news_item *item);

/* From the one seen last to the one seen longest ago; NULL: there is none. */
const struct roster_row *roster_first(const struct roster *roster);
const struct roster_row *roster_after(const struct roster *roster, const struct roster_row *row);

#endif
