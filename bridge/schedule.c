#include "bridge/schedule.h"

#include "bridge/backoff.h"

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
    lane_free(map_entry(node, struct lane, by_job));
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
    struct lane *lane = lane_new(job);
    if (lane != NULL && map_insert(&schedule->lanes, &lane->by_job) != ERR_NONE) {
        lane_free(lane);
        return NULL;
    }
    return lane;
}

static void drop_if_empty(struct schedule *schedule, struct lane *lane)
{
    if (!list_is_empty(&lane->records))
        return;
    if (list_has_node(&lane->ready_node))
        list_remove(&lane->ready_node);
    due_cancel(&schedule->pauses, &lane->pause);
    map_remove(&schedule->lanes, &lane->by_job);
    lane_free(lane);
}

/* A lane whose head waits belongs in the ready list, and only such a lane. */
static void sort_in(struct schedule *schedule, struct lane *lane)
{
    bool is_ready = lane_is(lane, RECORD_WAITING);
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

static void end_pause(struct lane *lane)
{
    for (struct record *at = lane_head(lane); at != NULL && at->state == RECORD_PAUSING;) {
        record_move(at, RECORD_RESUME);
        struct list_node *next = list_after(&lane->records, &at->lane_node);
        at = next == NULL ? NULL : list_entry(next, struct record, lane_node);
    }
}

static void end_pauses(struct schedule *schedule, int64_t now_ms)
{
    struct due_node *node;
    while ((node = due_take(&schedule->pauses, now_ms)) != NULL) {
        struct lane *lane = due_entry(node, struct lane, pause);
        end_pause(lane);
        sort_in(schedule, lane);
    }
}

static void begin_call(struct schedule *schedule, struct lane *lane, int64_t now_ms)
{
    struct record *record = lane_head(lane);
    unsigned size = schedule->options.coalesces ? batch_size(record) : 1;
    lane->called_ms = now_ms;
    schedule->open_calls++;
    schedule->in_flight += size;
    schedule->waiting -= size;
    for (unsigned i = 0; i < size; i++) {
        record_move(record, RECORD_CALL);
        record->attempts++;
        record->shared_by = size;
        record = list_entry(record->lane_node.next, struct record, lane_node);
    }
}

struct record *schedule_start(struct schedule *schedule, int64_t now_ms)
{
    end_pauses(schedule, now_ms);
    struct list_node *first = list_first(&schedule->ready);
    if (schedule->is_stopped || first == NULL ||
        schedule->open_calls >= schedule->options.max_in_flight ||
        !bucket_take(&schedule->pace.bucket, now_ms))
        return NULL;
    struct lane *lane = list_entry(first, struct lane, ready_node);
    begin_call(schedule, lane, now_ms);
    sort_in(schedule, lane);
    return lane_head(lane);
}

int64_t schedule_judge(struct schedule *schedule, const struct record *first,
                       const struct reply *reply, int64_t now_ms)
{
    struct lane *lane = first->lane;
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

/* The call is over, but nothing is decided by it. */
static void end_call(struct schedule *schedule, struct record *first, enum record_event event)
{
    schedule->open_calls--;
    for (struct record *next; first != NULL; first = next) {
        next = batch_next(first);
        record_move(first, event);
        schedule->in_flight--;
        schedule->waiting++;
    }
}

void schedule_pause(struct schedule *schedule, struct record *first, int64_t until_ms)
{
    struct lane *lane = first->lane;
    lane->last_fault = first->last_fault;
    end_call(schedule, first, RECORD_RETRY);
    /* Without memory for the timer the pause is skipped; the rate limit still holds. */
    if (due_set(&schedule->pauses, &lane->pause, until_ms) != ERR_NONE) {
        end_pause(lane);
        sort_in(schedule, lane);
    }
}

void schedule_split(struct schedule *schedule, struct record *first)
{
    unsigned part = batch_part(first);
    for (struct record *at = first; at != NULL; at = batch_next(at))
        at->share_max = part;
    end_call(schedule, first, RECORD_SPLIT);
    sort_in(schedule, first->lane);
}

void schedule_settle(struct schedule *schedule, struct record *record, enum record_event event)
{
    struct lane *lane = record->lane;
    enum record_state was = record->state;
    if (was == RECORD_CALLING) {
        lane->last_fault = event == RECORD_ACCEPT ? FAULT_OK : record->last_fault;
        schedule->in_flight--;
    } else {
        schedule->waiting--;
    }
    record_move(record, event);
    due_cancel(&schedule->deadlines, &record->deadline);
    list_remove(&record->lane_node);
    record->lane = NULL;
    if (was == RECORD_CALLING && !lane_is(lane, RECORD_CALLING))
        schedule->open_calls--;
    if (was == RECORD_PAUSING && !lane_is(lane, RECORD_PAUSING))
        due_cancel(&schedule->pauses, &lane->pause);
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
                     schedule->open_calls < schedule->options.max_in_flight;
    int64_t token = can_start ? bucket_next_ms(&schedule->pace.bucket, now_ms) : DUE_NEVER;
    return token < due ? token : due;
}
