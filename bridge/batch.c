#include "bridge/batch.h"

#include "base/limits.h"
#include "bridge/lane.h"

static struct record *after(const struct record *record)
{
    struct list_node *next = list_after(&record->lane->records, &record->lane_node);
    return next == NULL ? NULL : list_entry(next, struct record, lane_node);
}

/* Whether a value in the merged update that nobody but AWS can judge would be lost. */
static bool hides_a_value(const struct update *merged, const struct update *later)
{
    for (int i = 0; i < UPDATE_MEMBER_COUNT; i++)
        if (update_is_judged_by_value((enum update_member)i) && !str_is_absent(merged->member[i]) &&
            !str_is_absent(later->member[i]) && !str_eq(merged->member[i], later->member[i]))
            return true;
    return false;
}

/* One whose time ends before that of those it would join: after a call of which nobody knows
 * whether it took effect, they would be called again without it, and take the job back. */
static bool ends_earlier(const struct record *record, const struct record *before)
{
    return record->deadline.at_ms < before->deadline.at_ms;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Those of one call: they were sent together, and are looked into together. */
static unsigned count_in_doubt(const struct record *first)
{
    unsigned count = 0;
    for (const struct record *at = first; at != NULL && at->is_in_doubt; at = after(at))
        count++;
    return count;
}

unsigned batch_size(const struct record *first)
{
    if (first->is_in_doubt)
        return count_in_doubt(first);
    struct update merged = {0};
    unsigned size = 0;
    unsigned size_max = first->share_max;
    const struct record *before = first;
    for (const struct record *at = first; at != NULL; before = at, at = after(at)) {
        size_max = least(size_max, at->share_max);
        if (size >= size_max || !str_eq(at->namespace, first->namespace) ||
            ends_earlier(at, before) || hides_a_value(&merged, &at->update))
            break;
        update_lay_over(&merged, &at->update);
        if (size > 0 && update_bytes(&merged) > LIMITS_COMMAND_BYTES)
            break;
        size++;
    }
    return size;
}

struct record *batch_next(const struct record *record)
{
    struct record *next = after(record);
    return next != NULL && next->state == record->state ? next : NULL;
}

void batch_write(const struct record *first, struct buf *body)
{
    struct update merged = {0};
    for (const struct record *at = first; at != NULL; at = batch_next(at))
        update_lay_over(&merged, &at->update);
    update_write(&merged, body);
}

struct trace batch_trace(const struct record *first)
{
    struct trace newest = {0};
    for (const struct record *at = first; at != NULL; at = batch_next(at))
        if (!trace_is_absent(&at->trace))
            newest = at->trace;
    return newest;
}

/* What AWS says of job or permission is true of each of them. */
bool batch_is_divisible(const struct record *first, enum fault fault)
{
    return first->shared_by > 1 && fault != FAULT_RESOURCE_NOT_FOUND &&
           fault != FAULT_ACCESS_DENIED;
}

unsigned batch_part(const struct record *first)
{
    return first->shared_by > BATCH_PARTS ? first->shared_by / BATCH_PARTS : 1;
}
