#include "bridge/schedule.h"

#include "bridge/backoff.h"

#include <assert.h>
#include <stdlib.h>

struct lane {
    struct map_node by_job;
    struct list records; /* undecided, in order of arrival; only the head is ever called */
    struct list_node ready_node;
    struct due_node pause;
    int64_t called_ms;     /* when the last call started */
    unsigned failures;     /* calls that failed in a row, throttled ones aside */
    enum fault last_fault; /* of its calls; FAULT_OK: none failed since the last good one */
    char job[];
};

void schedule_init(struct schedule *schedule, const struct schedule_options *options,
                   int64_t now_ms)
{
    *schedule = (struct schedule){.options = *options};
    pace_init(&schedule->pace, options->rate_per_second, options->burst, now_ms);
    map_init(&schedule->lanes);
    list_init(&schedule->ready);
    due_init(&schedule->pauses);
    due_init(&schedule->deadlines);
}

static void free_lane(void *context, struct map_node *node)
{
    (void)context;
    struct lane *lane = map_entry(node, struct lane, by_job);
    struct list_node *first;
    while ((first = list_first(&lane->records)) != NULL) {
        list_remove(first);
        record_free(list_entry(first, struct record, lane_node));
    }
    free(lane);
}

void schedule_fini(struct schedule *schedule)
{
    map_each(&schedule->lanes, free_lane, NULL);
    map_fini(&schedule->lanes);
    due_fini(&schedule->pauses);
    due_fini(&schedule->deadlines);
}

static struct lane *lane_of(struct schedule *schedule, struct str job)
{
    struct map_node *node = map_find(&schedule->lanes, job);
    if (node != NULL)
        return map_entry(node, struct lane, by_job);
    struct lane *lane = calloc(1, sizeof(struct lane) + job.n);
    if (lane == NULL)
        return NULL;
    memcpy(lane->job, job.p, job.n);
    lane->by_job.key = (struct str){lane->job, job.n};
    list_init(&lane->records);
    if (map_insert(&schedule->lanes, &lane->by_job) != ERR_NONE) {
        free(lane);
        return NULL;
    }
    return lane;
}

static struct record *head_of(const struct lane *lane)
{
    struct list_node *first = list_first(&lane->records);
    return first == NULL ? NULL : list_entry(first, struct record, lane_node);
}

static void drop_if_empty(struct schedule *schedule, struct lane *lane)
{
    if (!list_is_empty(&lane->records))
        return;
    if (list_has_node(&lane->ready_node))
        list_remove(&lane->ready_node);
    due_cancel(&schedule->pauses, &lane->pause);
    map_remove(&schedule->lanes, &lane->by_job);
    free(lane);
}

/* A lane whose head waits belongs in the ready list, and only such a lane. */
static void sort_in(struct schedule *schedule, struct lane *lane)
{
    bool is_ready = head_of(lane)->state == RECORD_WAITING;
    if (is_ready && !list_has_node(&lane->ready_node))
        list_push_back(&schedule->ready, &lane->ready_node);
    if (!is_ready && list_has_node(&lane->ready_node))
        list_remove(&lane->ready_node);
}

enum err schedule_add(struct schedule *schedule, struct record *record, int64_t deadline_ms)
{
    struct lane *lane = lane_of(schedule, record->job);
    if (lane == NULL)
        return ERR_NO_MEMORY;
    if (due_set(&schedule->deadlines, &record->deadline, deadline_ms) != ERR_NONE) {
        drop_if_empty(schedule, lane);
        return ERR_NO_MEMORY;
    }
    record->lane = lane;
    list_push_back(&lane->records, &record->lane_node);
    schedule->waiting++;
    sort_in(schedule, lane);
    return ERR_NONE;
}

static void end_pauses(struct schedule *schedule, int64_t now_ms)
{
    struct due_node *node;
    while ((node = due_take(&schedule->pauses, now_ms)) != NULL) {
        struct lane *lane = due_entry(node, struct lane, pause);
        record_move(head_of(lane), RECORD_RESUME);
        sort_in(schedule, lane);
    }
}

struct record *schedule_start(struct schedule *schedule, int64_t now_ms)
{
    end_pauses(schedule, now_ms);
    struct list_node *first = list_first(&schedule->ready);
    if (schedule->is_stopped || first == NULL ||
        schedule->in_flight >= schedule->options.max_in_flight ||
        !bucket_take(&schedule->pace.bucket, now_ms))
        return NULL;
    struct lane *lane = list_entry(first, struct lane, ready_node);
    struct record *record = head_of(lane);
    record_move(record, RECORD_CALL);
    record->attempts++;
    lane->called_ms = now_ms;
    schedule->waiting--;
    schedule->in_flight++;
    sort_in(schedule, lane);
    return record;
}

int64_t schedule_judge(struct schedule *schedule, struct record *record, const struct reply *reply,
                       int64_t now_ms)
{
    struct lane *lane = record->lane;
    const struct port_chance *chance = &schedule->options.chance;
    switch (reply->class) {
    case FAULT_THROTTLED:
        return pace_throttled(&schedule->pace, lane->called_ms, reply->retry_after_ms, now_ms,
                              chance);
    case FAULT_TRANSIENT:
    case FAULT_CREDENTIALS:
        lane->failures++;
        return now_ms +
               backoff_pause_ms(reply->class, lane->failures, reply->retry_after_ms, chance);
    default:
        lane->failures = 0;
        pace_answered(&schedule->pace, now_ms);
        return now_ms;
    }
}

void schedule_pause(struct schedule *schedule, struct record *record, int64_t until_ms)
{
    struct lane *lane = record->lane;
    record_move(record, RECORD_RETRY);
    lane->last_fault = record->last_fault;
    schedule->in_flight--;
    schedule->waiting++;
    /* Without memory for the timer the pause is skipped; the rate limit still holds. */
    if (due_set(&schedule->pauses, &lane->pause, until_ms) != ERR_NONE) {
        record_move(record, RECORD_RESUME);
        sort_in(schedule, lane);
    }
}

void schedule_settle(struct schedule *schedule, struct record *record, enum record_event event)
{
    struct lane *lane = record->lane;
    if (record->state == RECORD_CALLING) {
        lane->last_fault = event == RECORD_ACCEPT ? FAULT_OK : record->last_fault;
        schedule->in_flight--;
    } else {
        schedule->waiting--;
    }
    if (record->state == RECORD_PAUSING)
        due_cancel(&schedule->pauses, &lane->pause);
    record_move(record, event);
    due_cancel(&schedule->deadlines, &record->deadline);
    list_remove(&record->lane_node);
    record->lane = NULL;
    if (!list_is_empty(&lane->records))
        sort_in(schedule, lane);
    drop_if_empty(schedule, lane);
}

enum fault schedule_last_fault(const struct record *record)
{
    return record->last_fault != FAULT_OK ? record->last_fault : record->lane->last_fault;
}

struct record *schedule_expired(struct schedule *schedule, int64_t now_ms)
{
    struct due_node *node;
    while ((node = due_take(&schedule->deadlines, now_ms)) != NULL) {
        struct record *record = due_entry(node, struct record, deadline);
        if (record->state != RECORD_CALLING)
            return record;
    }
    return NULL;
}

struct visitor {
    schedule_visit_fn *visit;
    void *context;
};

static void visit_lane(void *context, struct map_node *node)
{
    const struct visitor *visitor = context;
    struct lane *lane = map_entry(node, struct lane, by_job);
    struct list_node *at = list_first(&lane->records);
    while (at != NULL) {
        /* The lane goes with its last record, so the next is looked up first. */
        struct list_node *next = list_after(&lane->records, at);
        visitor->visit(visitor->context, list_entry(at, struct record, lane_node));
        at = next;
    }
}

void schedule_each(struct schedule *schedule, schedule_visit_fn *visit, void *context)
{
    map_each(&schedule->lanes, visit_lane, &(struct visitor){visit, context});
}

int64_t schedule_due_ms(const struct schedule *schedule, int64_t now_ms)
{
    int64_t due = due_next_ms(&schedule->deadlines);
    int64_t pause = due_next_ms(&schedule->pauses);
    if (pause < due)
        due = pause;
    bool can_start = !schedule->is_stopped && !list_is_empty(&schedule->ready) &&
                     schedule->in_flight < schedule->options.max_in_flight;
    int64_t token = can_start ? bucket_next_ms(&schedule->pace.bucket, now_ms) : DUE_NEVER;
    return token < due ? token : due;
}
