#include "daemon/send_feed.h"

#include "base/limits.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 * 1024)
#define INPUT_MAX   (LIMITS_COMMAND_BYTES + CHUNK_BYTES)

void send_feed_init(struct send_feed *feed, struct str command, uint64_t count)
{
    *feed = (struct send_feed){.command = command, .total = count, .has_ended = true};
    buf_init(&feed->input, INPUT_MAX);
}

void send_feed_init_lines(struct send_feed *feed)
{
    *feed = (struct send_feed){.is_lines = true};
    buf_init(&feed->input, INPUT_MAX);
}

void send_feed_fini(struct send_feed *feed)
{
    buf_fini(&feed->input);
}

int send_feed_fd(const struct send_feed *feed)
{
    return feed->has_ended || feed->has_failed ? -1 : STDIN_FILENO;
}

/* The reason of the err is in the caller's why. */
static enum send_feed_state fail(struct send_feed *feed, enum err err)
{
    (void)err;
    feed->line++; /* the one after the last whole one */
    feed->has_failed = true;
    return SEND_FEED_WRONG;
}

/* The line that starts at line_start, with blanks around it dropped; false if its end is not there
 * yet. The last one may have none. */
static bool take_line(struct send_feed *feed, struct str *ret)
{
    if (feed->line_start == feed->input.n)
        return false;
    struct str rest = {feed->input.p + feed->line_start, feed->input.n - feed->line_start};
    bool is_last = !str_has(rest, '\n');
    if (is_last && !feed->has_ended)
        return false;
    struct str line = str_cut(&rest, '\n');
    feed->line_start = is_last ? feed->input.n : feed->input.n - rest.n;
    if (str_ends(line, STR("\r")))
        line.n--;
    *ret = str_trim(line);
    return true;
}

/* SEND_FEED_READY: there is more to look at. */
static enum send_feed_state read_more(struct send_feed *feed, struct why *why)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    if (feed->has_ended)
        return SEND_FEED_END;
    if (poll(&fd, 1, 0) == 0)
        return SEND_FEED_LATER;
    buf_drop_front(&feed->input, feed->line_start);
    feed->line_start = 0;
    if (feed->input.n > LIMITS_COMMAND_BYTES)
        return fail(
            feed, why_set(why, ERR_FULL, NULL, "it is longer than %d bytes", LIMITS_COMMAND_BYTES));
    char *to = buf_reserve(&feed->input, CHUNK_BYTES);
    ssize_t n = to != NULL ? read(STDIN_FILENO, to, CHUNK_BYTES) : -1;
    if (n < 0 && to != NULL && (errno == EAGAIN || errno == EINTR))
        return SEND_FEED_LATER;
    if (n < 0)
        return fail(feed, why_errno(why, "standard input"));
    buf_added(&feed->input, (size_t)n);
    feed->has_ended = n == 0;
    return SEND_FEED_READY;
}

/* Empty lines are no commands. */
static enum send_feed_state next_line(struct send_feed *feed, struct str *ret, struct why *why)
{
    struct str line;
    for (;;) {
        while (take_line(feed, &line)) {
            feed->line++;
            if (line.n == 0)
                continue;
            *ret = line;
            return SEND_FEED_READY;
        }
        enum send_feed_state state = read_more(feed, why);
        if (state != SEND_FEED_READY)
            return state;
    }
}

enum send_feed_state send_feed_next(struct send_feed *feed, struct str *ret, struct why *why)
{
    enum send_feed_state state = SEND_FEED_READY;
    if (feed->has_failed)
        return SEND_FEED_END;
    if (feed->is_lines && feed->given == LIMITS_SEND_COMMANDS)
        return fail(feed,
                    why_set(why, ERR_FULL, NULL, "more than %d commands", LIMITS_SEND_COMMANDS));
    if (feed->is_lines)
        state = next_line(feed, ret, why);
    else if (feed->given == feed->total)
        state = SEND_FEED_END;
    else
        *ret = feed->command;
    if (state == SEND_FEED_READY)
        feed->given++;
    return state;
}
