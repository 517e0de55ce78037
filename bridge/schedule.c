#include "bridge/schedule.h"

#include "bridge/backoff.h"

#include <assert.h>

void schedule_init(struct schedule *schedule, const struct schedule_options *options,
                   int64_t now_ms)
{
    *schedule = (struct schedule){.options = *options};
    pace_init(&schedule->pace, options->rate_per_second, options->burst, now_ms);
    fair_init(&schedule->fair, options->reserve_percent);
    map_init(&schedule->lanes);
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
    fair_fini(&schedule->fair);
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
    due_cancel(&schedule->pauses, &lane->pause);
    map_remove(&schedule->lanes, &lane->by_job);
    lane_free(lane);
}

/* Takes note of whether the lane is ready, after any change to its head. */
static void look_at(struct schedule *schedule, struct lane *lane)
{
    bool was_ready = lane->is_ready;
    lane->is_ready = lane_is(lane, RECORD_WAITING);
    if (lane->is_ready && !was_ready) {
        schedule->ready++;
        fair_ready(&schedule->fair, lane);
    } else if (was_ready && !lane->is_ready) {
        schedule->ready--;
    }
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
    if (fair_enter(&schedule->fair, record) != ERR_NONE) {
        due_cancel(&schedule->deadlines, &record->deadline);
        record->lane = NULL;
        drop_if_empty(schedule, lane);
        return ERR_NO_MEMORY;
    }
    list_push_back(&lane->records, &record->lane_node);
    schedule->waiting++;
    look_at(schedule, lane);
    return ERR_NONE;
}

bool schedule_is_crowded(const struct schedule *schedule, const struct record *record)
{
    unsigned most = schedule->options.waiting_per_thing;
    return most > 0 && !str_is_absent(record->thing) &&
           fair_waiting(&schedule->fair, record->thing) >= most;
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
        look_at(schedule, lane);
    }
}

static void begin_call(struct schedule *schedule, struct lane *lane, int64_t now_ms)
{
    struct record *record = lane_head(lane);
    bool is_question = record->is_in_doubt;
    unsigned size = schedule->options.coalesces ? batch_size(record) : 1;
    lane->called_ms = now_ms;
    schedule->open_calls++;
    schedule->in_flight += size;
    schedule->waiting -= size;
    for (unsigned i = 0; i < size; i++) {
        record_move(record, RECORD_CALL);
        fair_end_wait(&schedule->fair, record);
        record->attempts += !is_question;
        record->shared_by = size;
        record = list_entry(record->lane_node.next, struct record, lane_node);
    }
}

static bool may_start(const struct schedule *schedule)
{
    return !schedule->is_stopped && schedule->ready > 0 &&
           schedule->open_calls < schedule->options.max_in_flight;
}

struct record *schedule_start(struct schedule *schedule, int64_t now_ms)
{
    end_pauses(schedule, now_ms);
    if (!may_start(schedule) || !breaker_allows(&schedule->breaker, now_ms) ||
        !pace_take(&schedule->pace, now_ms))
        return NULL;
    struct lane *lane = fair_turn(&schedule->fair);
    assert(lane != NULL);
    breaker_called(&schedule->breaker);
    begin_call(schedule, lane, now_ms);
    look_at(schedule, lane);
    return lane_head(lane);
}

int64_t schedule_judge(struct schedule *schedule, const struct record *first,
                       const struct reply *reply, int64_t now_ms)
{
    struct lane *lane = first->lane;
    const struct port_chance *chance = &schedule->options.chance;
    pace_replied(&schedule->pace, now_ms);
    if (breaker_ended(&schedule->breaker, reply, lane, now_ms, chance))
        pace_restart(&schedule->pace, now_ms);
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
        fair_begin_wait(&schedule->fair, first);
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
        look_at(schedule, lane);
    }
}

void schedule_split(struct schedule *schedule, struct record *first)
{
    struct lane *lane = first->lane;
    unsigned part = batch_part(first);
    for (struct record *at = first; at != NULL; at = batch_next(at))
        at->share_max = part;
    end_call(schedule, first, RECORD_SPLIT);
    look_at(schedule, lane);
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
    if (was != RECORD_CALLING)
        fair_end_wait(&schedule->fair, record);
    fair_leave(&schedule->fair, record);
    record->lane = NULL;
    if (was == RECORD_CALLING && !lane_is(lane, RECORD_CALLING))
        schedule->open_calls--;
    if (was == RECORD_PAUSING && !lane_is(lane, RECORD_PAUSING))
        due_cancel(&schedule->pauses, &lane->pause);
    look_at(schedule, lane);
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

static int64_t next_start_ms(const struct schedule *schedule, int64_t now_ms)
{
    int64_t token = bucket_next_ms(&schedule->pace.bucket, now_ms);
    int64_t breaker = breaker_due_ms(&schedule->breaker, now_ms);
    return token > breaker ? token : breaker;
}

int64_t schedule_due_ms(const struct schedule *schedule, int64_t now_ms)
{
    int64_t due = due_next_ms(&schedule->deadlines);
    int64_t pause = due_next_ms(&schedule->pauses);
    if (pause < due)
        due = pause;
    int64_t start = may_start(schedule) ? next_start_ms(schedule, now_ms) : DUE_NEVER;
    return start < due ? start : due;
}
