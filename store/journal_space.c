#include "store/journal_space.h"

#include "base/limits.h"
#include "base/now.h"
#include "store/journal_schema.h"
#include "store/reserve.h"
#include "store/statement.h"

#include <stdlib.h>

#define PAGE_BYTES 4096
/* One more command, as large as may be. */
#define COMMAND_PAGES (2 * LIMITS_PACKET_BYTES / PAGE_BYTES)
/* One collection looks at twice the commands that were added since the last, and at this many more,
 * the second when space is short: it never falls behind, and never takes long. */
#define COLLECT_EXTRA 8
#define COLLECT_SHORT 64
/* So much may come before the pages are counted anew, which costs two questions to SQLite. */
#define RECKONED_BYTES ((int64_t)64 * 1024)

/* No command arrived as late, and what is added to it does not overflow. */
#define EVER_MS (INT64_MAX / 2)

/* seq NOT IN (...) is one look-up by key in SQLite. */
#define COLLECTABLE "seq NOT IN (SELECT seq FROM unfinished) AND seq NOT IN (SELECT seq FROM dead)"

enum {
    NEXT,
    DROP_COMMANDS,
    DROP_ENDINGS,
    DROP_DEAD,
    COUNT_UNFINISHED,
    PAGES,
    FREE_PAGES,
    SQL_COUNT
};

static const char *const sql[SQL_COUNT] = {
    [NEXT] = "SELECT seq, arrived_at_ms, repeat_hash, " COLLECTABLE " FROM commands"
             " WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
    [DROP_COMMANDS] = "DELETE FROM commands WHERE seq BETWEEN ?1 AND ?2 AND " COLLECTABLE,
    [DROP_ENDINGS] = "DELETE FROM endings WHERE seq BETWEEN ?1 AND ?2 AND " COLLECTABLE,
    /* The oldest notice, or where there is none the oldest. */
    [DROP_DEAD] = "DELETE FROM dead WHERE (SELECT count(*) FROM dead) > ?1 AND seq = ifnull("
                  "(SELECT d.seq FROM dead d JOIN commands c ON c.seq = d.seq"
                  " WHERE c.origin = ?2 ORDER BY d.seq LIMIT 1),"
                  "(SELECT min(seq) FROM dead)) RETURNING seq",
    [COUNT_UNFINISHED] = "SELECT count(*) FROM unfinished",
    [PAGES] = "PRAGMA page_count",
    [FREE_PAGES] = "PRAGMA freelist_count",
};

struct journal_space {
    struct store *store;
    struct statement statements[SQL_COUNT];
    struct reserve *reserve;
    struct repeats *repeats;
    int64_t window_ms;
    int64_t max_pages;
    int64_t used_pages;
    int64_t added_bytes; /* reckoned, since used_pages was measured */
    int64_t added;       /* commands, since the last collection */
    int64_t unfinished;
    int64_t quiet_until_ms; /* wall clock: before it nothing leaves the window */
    int64_t cursor;         /* no command before it may go */
    bool is_at_end;         /* nor any behind it */
    bool may_have_dead;
};

static struct statement *start(struct journal_space *space, int which)
{
    return statement_start(&space->statements[which]);
}

static enum err ask(struct journal_space *space, int which, int64_t *ret, struct why *why)
{
    struct statement *question = start(space, which);
    enum err err = statement_row(question, why);
    if (err != ERR_NONE)
        return err;
    *ret = statement_int(question, 0);
    (void)statement_start(question);
    return ERR_NONE;
}

static enum err measure(struct journal_space *space, struct why *why)
{
    int64_t pages = 0;
    int64_t free_pages = 0;
    enum err err = ask(space, PAGES, &pages, why);
    if (err == ERR_NONE)
        err = ask(space, FREE_PAGES, &free_pages, why);
    if (err != ERR_NONE)
        return err;
    space->used_pages = pages - free_pages;
    space->added_bytes = 0;
    return ERR_NONE;
}

enum err journal_space_new(struct store *store, const struct journal_space_options *options,
                           struct journal_space **ret, struct why *why)
{
    struct journal_space *space = calloc(1, sizeof(struct journal_space));
    if (space == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    space->store = store;
    space->window_ms = options->window_ms;
    space->repeats = options->repeats;
    space->max_pages = options->bytes_max / PAGE_BYTES;
    space->quiet_until_ms = INT64_MIN;
    space->may_have_dead = true;
    enum err err = statement_prepare(store, sql, SQL_COUNT, space->statements, why);
    if (err == ERR_NONE)
        err = measure(space, why);
    if (err == ERR_NONE)
        err = ask(space, COUNT_UNFINISHED, &space->unfinished, why);
    if (err == ERR_NONE)
        err = reserve_new(options->path, JOURNAL_SPACE_RESERVE_BYTES, &space->reserve, why);
    if (err != ERR_NONE)
        goto fail;
    *ret = space;
    return ERR_NONE;
fail:
    journal_space_free(space);
    return err;
}

void journal_space_free(struct journal_space *space)
{
    if (space == NULL)
        return;
    statement_free(space->statements, SQL_COUNT);
    reserve_free(space->reserve);
    free(space);
}

void journal_space_on_added(struct journal_space *space, size_t bytes)
{
    space->added++;
    space->unfinished++;
    space->added_bytes += (int64_t)bytes;
}

static void go_back(struct journal_space *space, int64_t seq)
{
    space->is_at_end = false;
    if (seq < space->cursor)
        space->cursor = seq;
}

void journal_space_on_finished(struct journal_space *space, uint64_t seq)
{
    space->unfinished--;
    space->added_bytes += JOURNAL_SPACE_ENDING_BYTES;
    go_back(space, (int64_t)seq);
}

void journal_space_on_full(struct journal_space *space)
{
    reserve_release(space->reserve, now_mono_ms());
}

bool journal_space_give_up(const char *path)
{
    struct reserve *reserve = NULL;
    if (reserve_new(path, JOURNAL_SPACE_RESERVE_BYTES, &reserve, NULL) != ERR_NONE)
        return false;
    bool was_there = reserve_release(reserve, now_mono_ms());
    reserve_free(reserve);
    return was_there;
}

static int64_t needed_pages(const struct journal_space *space)
{
    int64_t promised = space->added_bytes + space->unfinished * JOURNAL_SPACE_ENDING_BYTES;
    return space->used_pages + promised / PAGE_BYTES + space->max_pages / JOURNAL_SPACE_PART +
           COMMAND_PAGES;
}

static bool is_short(const struct journal_space *space)
{
    return needed_pages(space) > space->max_pages;
}

/* Looks at count commands from the cursor on, as far as they are old enough. ret_last: the last of
 * them that may go, as all before it do that may; 0: none. */
static enum err find_last(struct journal_space *space, int64_t older_than_ms, int64_t count,
                          int64_t *ret_last, struct why *why)
{
    struct statement *next = start(space, NEXT);
    statement_set_int(next, 1, space->cursor);
    statement_set_int(next, 2, count);
    enum err err = ERR_NONE;
    while (count-- > 0 && (err = statement_row(next, why)) == ERR_NONE) {
        int64_t arrived_at_ms = statement_int(next, 1);
        space->cursor = statement_int(next, 0);
        if (arrived_at_ms >= older_than_ms) {
            bool is_of_the_future = arrived_at_ms > older_than_ms + space->window_ms;
            space->quiet_until_ms =
                (is_of_the_future ? older_than_ms + space->window_ms : arrived_at_ms) +
                space->window_ms;
            break;
        }
        if (statement_int(next, 3) != 0) {
            *ret_last = space->cursor;
            repeats_drop(space->repeats, statement_int(next, 2), (uint64_t)space->cursor);
        }
        space->cursor++;
    }
    (void)statement_start(next);
    space->is_at_end = err == ERR_NOT_FOUND;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static enum err drop_range(struct journal_space *space, int which, int64_t first, int64_t last,
                           struct why *why)
{
    struct statement *drop = start(space, which);
    statement_set_int(drop, 1, first);
    statement_set_int(drop, 2, last);
    return statement_run(drop, why);
}

static enum err drop(struct journal_space *space, int64_t older_than_ms, int64_t count,
                     struct why *why)
{
    int64_t first = space->cursor;
    int64_t last = 0;
    enum err err = find_last(space, older_than_ms, count, &last, why);
    if (err == ERR_NONE && last != 0)
        err = drop_range(space, DROP_ENDINGS, first, last, why);
    if (err == ERR_NONE && last != 0)
        err = drop_range(space, DROP_COMMANDS, first, last, why);
    return err;
}

/* The oldest dead letter, if there are more than to be kept, becomes an old command like others. */
static enum err drop_dead(struct journal_space *space, int64_t keep, struct why *why)
{
    struct statement *dead = start(space, DROP_DEAD);
    statement_set_int(dead, 1, keep);
    statement_set_int(dead, 2, JOURNAL_ORIGIN_NOTICE);
    enum err err = statement_row(dead, why);
    if (err == ERR_NOT_FOUND)
        space->may_have_dead = keep > 0;
    if (err != ERR_NONE)
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    go_back(space, statement_int(dead, 0));
    return statement_run(dead, why); /* to its end */
}

enum err journal_space_on_buried(struct journal_space *space, struct why *why)
{
    space->may_have_dead = true;
    return drop_dead(space, LIMITS_DEAD_LETTERS, why);
}

enum err journal_space_collect(struct journal_space *space, int64_t wall_ms, struct why *why)
{
    enum err err = ERR_NONE;
    int64_t count = space->added * 2;
    bool is_crowded = is_short(space);
    bool is_due = wall_ms >= space->quiet_until_ms;
    if (is_crowded && space->is_at_end)
        err = drop_dead(space, 0, why);
    else if (is_crowded)
        err = drop(space, EVER_MS, count + COLLECT_SHORT, why);
    else if (is_due)
        err = drop(space, wall_ms - space->window_ms, count + COLLECT_EXTRA, why);
    space->added = 0;
    bool is_stale = is_crowded || is_due || space->added_bytes >= RECKONED_BYTES;
    return err == ERR_NONE && is_stale ? measure(space, why) : err;
}

int64_t journal_space_bytes(const struct journal_space *space)
{
    return (space->used_pages + store_log_pages(space->store)) * PAGE_BYTES + space->added_bytes;
}

int64_t journal_space_unfinished(const struct journal_space *space)
{
    return space->unfinished;
}

bool journal_space_has_room(struct journal_space *space)
{
    return !is_short(space) && reserve_keep(space->reserve, now_mono_ms()) &&
           store_log_pages(space->store) <= JOURNAL_SPACE_LOG_PAGES_MAX;
}

bool journal_space_may_gain(const struct journal_space *space)
{
    return is_short(space) && (!space->is_at_end || space->may_have_dead);
}
