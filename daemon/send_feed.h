/*
 * Where the commands of one send come from: one of them, the same again and again, or each line of
 * standard input, which is read as it comes.
 */
#ifndef DAEMON_SEND_FEED_H
#define DAEMON_SEND_FEED_H

#include "base/buf.h"
#include "base/why.h"

enum send_feed_state {
    SEND_FEED_READY, /* there is a command */
    SEND_FEED_LATER, /* not yet: wait for send_feed_fd */
    SEND_FEED_END,   /* there are no more */
    SEND_FEED_WRONG, /* what comes is no command; there are no more */
};

struct send_feed {
    bool is_lines;
    uint64_t total; /* 0: known at the end */
    uint64_t given;
    struct str command; /* the one that is repeated */
    struct buf input;   /* read, and not given yet */
    size_t line_start;  /* in it */
    uint64_t line;      /* the number of the last one, from 1 */
    bool has_ended;
    bool has_failed;
};

/* The command must outlive the feed. */
void send_feed_init(struct send_feed *feed, struct str command, uint64_t count);
void send_feed_init_lines(struct send_feed *feed);
void send_feed_fini(struct send_feed *feed);

/* The next command, a view until the next call; with SEND_FEED_WRONG the reason is in why. */
enum send_feed_state send_feed_next(struct send_feed *feed, struct str *ret, struct why *why);

int send_feed_fd(const struct send_feed *feed); /* -1: nothing to wait for */

#endif
