#include "tests/fakes/world_journal.h"

#include "base/buf.h"
#include "tests/check.h"

#include <stdlib.h>

#define KEY_MAX ((size_t)1024 * 1024)

/* The newest row of a key, in the map. */
struct newest {
    struct map_node node;
    size_t place; /* from 1 */
};

void world_journal_init(struct world_journal *journal)
{
    *journal = (struct world_journal){
        .totals = {.next_seq = 1}, .committed = {.next_seq = 1}, .delivering = WORLD_NOBODY};
    map_init(&journal->newest);
}

static void free_newest(void *context, struct map_node *node)
{
    (void)context;
    free(map_entry(node, struct newest, node));
}

static void forget_newest(struct world_journal *journal)
{
    map_each(&journal->newest, free_newest, NULL);
    map_fini(&journal->newest);
    map_init(&journal->newest);
}

static void free_ending(struct ending *ending)
{
    free((char *)ending->field.p);
    free((char *)ending->message.p);
    free((char *)ending->request_id.p);
}

static void free_row(struct world_row *row)
{
    free((char *)row->entry.topic.p);
    free((char *)row->entry.payload.p);
    free((char *)row->entry.response_topic.p);
    free((char *)row->entry.correlation.p);
    free((char *)row->entry.repeat_of.p);
    free((char *)row->entry.trace.parent.p);
    free((char *)row->entry.trace.state.p);
    free_ending(&row->entry.ending);
    free(row->key);
    free(row->buried);
}

void world_journal_fini(struct world_journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        free_row(&journal->rows[i]);
    free(journal->rows);
    free(journal->changed);
    free(journal->repeats);
    forget_newest(journal);
    map_fini(&journal->newest);
}

static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    array = realloc(array, *capacity * size);
    assert_non_null(array);
    return array;
}

static struct str copy(struct str s)
{
    return (struct str){str_dup(s), s.n};
}

static void keep_ending(struct ending *to, const struct ending *from)
{
    free_ending(to);
    *to = *from;
    to->field = copy(from->field);
    to->message = copy(from->message);
    to->request_id = copy(from->request_id);
}

static char *key_of(const struct journal_entry *entry)
{
    struct buf key;
    buf_init(&key, KEY_MAX);
    buf_add(&key, entry->topic);
    buf_add_byte(&key, str_is_absent(entry->repeat_of) ? '\1' : '\2');
    buf_add(&key, entry->repeat_of);
    buf_add_byte(&key, '\3');
    buf_add(&key, entry->payload);
    char *text = str_dup(buf_str(&key));
    assert_non_null(text);
    buf_fini(&key);
    return text;
}

static struct newest *newest_of(const struct world_journal *journal, const char *key)
{
    struct map_node *node = map_find(&journal->newest, str_of(key));
    return node == NULL ? NULL : map_entry(node, struct newest, node);
}

/* The row at that place becomes the newest of its key. */
static void index_row(struct world_journal *journal, size_t place)
{
    struct world_row *row = &journal->rows[place - 1];
    struct newest *newest = newest_of(journal, row->key);
    if (newest != NULL) {
        newest->place = place;
        return;
    }
    newest = calloc(1, sizeof *newest);
    assert_non_null(newest);
    *newest = (struct newest){.node = {.key = str_of(row->key)}, .place = place};
    assert_int_equal(map_insert(&journal->newest, &newest->node), ERR_NONE);
}

static size_t number_of(const struct world_journal *journal, struct str correlation)
{
    int64_t number;
    struct str digits = {correlation.p + 1, correlation.n - 1};
    if (str_starts(correlation, STR("c")) && str_to_int(digits, 0, INT32_MAX, &number))
        return (size_t)number;
    return journal->delivering;
}

static enum err break_down(struct world_journal *journal, struct why *why)
{
    journal->is_failed = true;
    return why_set(why, ERR_IO, NULL, "the scripted disk failed");
}

/* Every change begins here: whether it fails. */
static enum err begin(struct world_journal *journal, struct why *why)
{
    if (journal->is_failed || (journal->fails_in > 0 && --journal->fails_in == 0))
        return break_down(journal, why);
    return ERR_NONE;
}

static void note_change(struct world_journal *journal, size_t place)
{
    journal->changed = grow(journal->changed, journal->changed_count, &journal->changed_capacity,
                            sizeof journal->changed[0]);
    journal->changed[journal->changed_count++] = place;
}

static void count_decision(struct world_journal *journal, const struct ending *ending)
{
    if (ending->code == 0)
        journal->totals.accepted++;
    else
        journal->totals.rejected++;
}

static enum err add(void *context, const struct journal_entry *entry, struct why *why)
{
    struct world_journal *journal = context;
    if (begin(journal, why) != ERR_NONE)
        return ERR_IO;
    assert_int_equal(entry->seq, journal->totals.next_seq);
    journal->rows =
        grow(journal->rows, journal->count, &journal->capacity, sizeof journal->rows[0]);
    struct world_row *row = &journal->rows[journal->count++];
    *row = (struct world_row){
        .entry = *entry, .number = number_of(journal, entry->correlation), .committed = -1};
    row->entry.topic = copy(entry->topic);
    row->entry.payload = copy(entry->payload);
    row->entry.response_topic = copy(entry->response_topic);
    row->entry.correlation = copy(entry->correlation);
    row->entry.repeat_of = copy(entry->repeat_of);
    row->entry.trace = (struct trace){copy(entry->trace.parent), copy(entry->trace.state)};
    row->entry.ending = (struct ending){0};
    row->key = key_of(entry);
    if (entry->state == JOURNAL_DECIDED) {
        keep_ending(&row->entry.ending, &entry->ending);
        if (!entry->is_notice)
            count_decision(journal, &entry->ending);
    }
    index_row(journal, journal->count);
    note_change(journal, journal->count - 1);
    journal->totals.received += !entry->is_notice;
    journal->notices += entry->is_notice;
    journal->totals.next_seq++;
    return ERR_NONE;
}

static int by_seq(const void *key, const void *element)
{
    uint64_t seq = *(const uint64_t *)key;
    uint64_t other = ((const struct world_row *)element)->entry.seq;
    return seq < other ? -1 : seq > other;
}

static struct world_row *change(struct world_journal *journal, uint64_t seq)
{
    struct world_row *row =
        bsearch(&seq, journal->rows, journal->count, sizeof journal->rows[0], by_seq);
    assert_non_null(row);
    note_change(journal, (size_t)(row - journal->rows));
    return row;
}

static enum err decide(void *context, uint64_t seq, const struct ending *ending, struct why *why)
{
    struct world_journal *journal = context;
    if (begin(journal, why) != ERR_NONE)
        return ERR_IO;
    struct world_row *row = change(journal, seq);
    assert_int_equal(row->entry.state, JOURNAL_OPEN);
    row->entry.state = JOURNAL_DECIDED;
    keep_ending(&row->entry.ending, ending);
    count_decision(journal, ending);
    return ERR_NONE;
}

static enum err finish(void *context, uint64_t seq, struct why *why)
{
    struct world_journal *journal = context;
    if (begin(journal, why) != ERR_NONE)
        return ERR_IO;
    struct world_row *row = change(journal, seq);
    assert_int_equal(row->entry.state, JOURNAL_DECIDED);
    row->entry.state = JOURNAL_FINISHED;
    return ERR_NONE;
}

static enum err bury(void *context, uint64_t seq, struct str reason, int64_t wall_ms,
                     struct why *why)
{
    struct world_journal *journal = context;
    (void)wall_ms;
    if (begin(journal, why) != ERR_NONE)
        return ERR_IO;
    struct world_row *row = change(journal, seq);
    free(row->buried);
    row->buried = str_dup(reason);
    return ERR_NONE;
}

static enum err find(void *context, const struct journal_entry *like, int64_t wall_ms,
                     struct journal_entry *ret, struct why *why)
{
    struct world_journal *journal = context;
    if (begin(journal, why) != ERR_NONE)
        return ERR_IO;
    char *key = key_of(like);
    const struct newest *newest = newest_of(journal, key);
    free(key);
    if (newest == NULL)
        return ERR_NOT_FOUND;
    const struct world_row *row = &journal->rows[newest->place - 1];
    if (row->entry.state == JOURNAL_FINISHED &&
        row->entry.arrived_at_ms < wall_ms - WORLD_JOURNAL_WINDOW_MS)
        return ERR_NOT_FOUND;
    journal->repeats = grow(journal->repeats, journal->repeat_count, &journal->repeat_capacity,
                            sizeof journal->repeats[0]);
    journal->repeats[journal->repeat_count++] =
        (struct world_repeat){number_of(journal, like->correlation), newest->place - 1};
    *ret = row->entry;
    return ERR_NONE;
}

static enum err commit(void *context, int64_t wall_ms, struct why *why)
{
    struct world_journal *journal = context;
    (void)wall_ms;
    if (journal->is_failed || journal->commit_fails > 0) {
        journal->commit_fails -= journal->commit_fails > 0;
        return break_down(journal, why);
    }
    for (size_t i = 0; i < journal->changed_count; i++) {
        struct world_row *row = &journal->rows[journal->changed[i]];
        row->committed = (int)row->entry.state;
    }
    journal->changed_count = 0;
    journal->committed = journal->totals;
    journal->commit_count++;
    return ERR_NONE;
}

static bool has_room(void *context)
{
    const struct world_journal *journal = context;
    return !journal->is_full && !journal->is_failed;
}

static void totals(void *context, struct journal_totals *ret)
{
    const struct world_journal *journal = context;
    *ret = journal->totals;
}

static enum err each(void *context, journal_visit_fn *visit, void *visit_context, struct why *why)
{
    struct world_journal *journal = context;
    (void)why;
    for (size_t i = 0; i < journal->count; i++) {
        if (journal->rows[i].entry.state == JOURNAL_FINISHED)
            continue;
        enum err err = visit(visit_context, &journal->rows[i].entry);
        if (err != ERR_NONE)
            return err;
    }
    return ERR_NONE;
}

struct port_journal world_journal_port(struct world_journal *journal)
{
    return (struct port_journal){journal, add,    decide,   finish, bury,
                                 find,    commit, has_room, totals, each};
}

/* Rows never committed were added last, so they are the last ones. */
void world_journal_crash(struct world_journal *journal)
{
    while (journal->count > 0 && journal->rows[journal->count - 1].committed < 0)
        free_row(&journal->rows[--journal->count]);
    while (journal->repeat_count > 0 &&
           journal->repeats[journal->repeat_count - 1].place >= journal->count)
        journal->repeat_count--;
    forget_newest(journal);
    for (size_t i = 0; i < journal->count; i++) {
        struct world_row *row = &journal->rows[i];
        assert_true(row->committed >= 0);
        row->entry.state = (enum journal_state)row->committed;
        index_row(journal, i + 1);
    }
    journal->changed_count = 0;
    journal->totals = journal->committed;
    journal->notices = 0;
    journal->is_failed = false;
}

const struct world_row *world_journal_row(const struct world_journal *journal, size_t number)
{
    for (size_t i = journal->count; i > 0; i--)
        if (journal->rows[i - 1].number == number)
            return &journal->rows[i - 1];
    return NULL;
}

const struct world_row *world_journal_answerer(const struct world_journal *journal, size_t number)
{
    const struct world_row *row = world_journal_row(journal, number);
    for (size_t i = journal->repeat_count; i > 0 && row == NULL; i--)
        if (journal->repeats[i - 1].number == number)
            row = &journal->rows[journal->repeats[i - 1].place];
    return row;
}
