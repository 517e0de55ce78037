/* The last LIMITS_RECENT decided commands. Each has a number, which rises by one. */
#ifndef DAEMON_RECENT_H
#define DAEMON_RECENT_H

#include "daemon/news.h"

struct recent {
    uint64_t last; /* the newest's number; 0: there is none yet */
    struct news_item items[LIMITS_RECENT];
};

void recent_add(struct recent *recent, const struct news_item *item);

/* The oldest that is kept and has a number above after; 0: there is none. */
uint64_t recent_next(const struct recent *recent, uint64_t after);
const struct news_item *recent_item(const struct recent *recent, uint64_t number);

#endif
