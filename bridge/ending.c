#include "bridge/ending.h"

#include "base/log.h"
#include "bridge/backoff.h"
#include "bridge/batch.h"
#include "bridge/report.h"

/* What a sender is told to wait after RequestThrottled. */
#define THROTTLED_RETRY_AFTER_S (BACKOFF_MAX_MS / 1000)

static void tell(const struct bridge *bridge, const struct record *record)
{
    const struct port_watch *watch = &bridge->options.watch;
    const struct outcome *outcome = &record->outcome;
    if (watch->decided == NULL)
        return;
    const struct decision decision = {
        .job = record->job,
        .thing = record->thing,
        .namespace = record->namespace,
        .code = outcome->code,
        .field = outcome->field,
        .message = outcome->message,
        .latency_ms = outcome->latency_ms,
        .attempts = record->attempts,
        .shared_by = record->shared_by,
        .is_dry_run = record->is_dry_run,
    };
    watch->decided(watch->context, &decision);
}

/* One that was turned away was never received. */
static void count(struct bridge *bridge, const struct record *record)
{
    const struct outcome *outcome = &record->outcome;
    int64_t latency_us = inside_mono_us(bridge) - record->arrived_us;
    if (record->seq == 0)
        return;
    if (outcome->code == REJECT_NONE) {
        bridge->books.accepted++;
        histogram_add(&bridge->latency.accepted, latency_us);
        return;
    }
    bridge->books.rejected++;
    bridge->books.rejected_for[outcome->code]++;
    histogram_add(&bridge->latency.rejected, latency_us);
}

/* The answer goes to where the command came from, the events to the local broker. */
void ending_post(struct bridge *bridge, struct record *record)
{
    struct outbox *local = &bridge->outboxes[SIDE_LOCAL];
    bool is_answered_there = record->from != SIDE_LOCAL && !record->is_notice;
    unsigned events = is_answered_there ? 1 : 0; /* where they begin */
    record->post_count = outcome_post_count(&bridge->options.outcome, record);
    if (is_answered_there)
        outbox_add(&bridge->outboxes[record->from], record, 0, events);
    if (events < record->post_count)
        outbox_add(local, record, events, record->post_count);
}

/* Everybody learns how the command ended. */
static void announce(struct bridge *bridge, struct record *record)
{
    count(bridge, record);
    report_decision(record);
    tell(bridge, record);
    ending_post(bridge, record);
}

/* Notes how a command ended and hands its answer to the outbox. It must be in state DECIDED. */
static void conclude(struct bridge *bridge, struct record *record, enum reject code,
                     const struct why *why, struct str request_id)
{
    record_conclude(record, code, why, request_id);
    record->outcome.decided_at_s = inside_wall_ms(bridge) / 1000;
    record->outcome.latency_ms = inside_mono_ms(bridge) - record->arrived_ms;
    if (code == REJECT_REQUEST_THROTTLED && record->outcome.retry_after_s < 0)
        record->outcome.retry_after_s = THROTTLED_RETRY_AFTER_S;
    announce(bridge, record);
}

void ending_at_once(struct bridge *bridge, struct record *record, enum reject code,
                    const struct why *why)
{
    record_move(record, code == REJECT_NONE ? RECORD_ACCEPT : RECORD_REFUSE);
    conclude(bridge, record, code, why, STR_NONE);
}

/* Ends those that follow the record as it ended. Each follows the newest of its kind: a chain. */
static void settle_followers(struct bridge *bridge, const struct record *leader)
{
    const struct ending ending = ledger_ending(leader);
    uint64_t last_seq = leader->seq;
    struct record *record;
    while ((record = followers_take(&bridge->followers, last_seq)) != NULL) {
        last_seq = record->seq;
        record_recall(record, &ending);
        announce(bridge, record);
        ledger_decide(&bridge->ledger, record);
    }
}

void ending_settle(struct bridge *bridge, struct record *record, enum record_event event,
                   enum reject code, const struct why *why, struct str request_id)
{
    schedule_settle(&bridge->schedule, record, event);
    conclude(bridge, record, code, why, request_id);
    struct why memory_why = {0};
    if (known_leave(&bridge->known, record, &memory_why) != ERR_NONE)
        log_say(LOG_ERROR, "policy", "what is known of a job was not kept: %s", memory_why.text);
    ledger_decide(&bridge->ledger, record);
    settle_followers(bridge, record);
}

void ending_of_call(struct bridge *bridge, struct record *first, enum record_event event,
                    enum reject code, const struct why *why, struct str request_id)
{
    for (struct record *next; first != NULL; first = next) {
        next = batch_next(first);
        bridge->books.coalesced += next != NULL;
        ending_settle(bridge, first, event, code, why, request_id);
    }
}

int64_t ending_deadline_ms(const struct bridge *bridge, const struct record *record)
{
    int64_t deadline_ms = record->arrived_ms + bridge->options.deadline_ms;
    return record->expires_ms < deadline_ms ? record->expires_ms : deadline_ms;
}

void ending_by_time(struct bridge *bridge, struct record *record, enum record_event event,
                    int64_t now_ms)
{
    enum fault last = schedule_last_fault(record);
    enum fault_class cause = last != FAULT_OK ? fault_class_of(last) : bridge->endpoint_state;
    struct why why;
    enum reject code;
    if (record->expires_ms <= now_ms) {
        code = REJECT_EXPIRED;
        why_set(&why, ERR_INVALID, NULL, "the command expired before it could be applied");
    } else if (cause == FAULT_TRANSIENT || cause == FAULT_CREDENTIALS) {
        code = REJECT_SERVICE_UNAVAILABLE;
        why_set(&why, ERR_DOWN, NULL, "not applied within %lld ms: AWS IoT Jobs was not usable%s%s",
                (long long)bridge->options.deadline_ms, last != FAULT_OK ? ", last " : "",
                fault_name(last));
    } else {
        code = REJECT_REQUEST_THROTTLED;
        why_set(&why, ERR_FULL, NULL,
                "not applied within %lld ms: more UpdateJob calls wait than "
                "the rate limit lets through",
                (long long)bridge->options.deadline_ms);
    }
    bridge->books.expired++;
    ending_settle(bridge, record, event, code, &why, STR_NONE);
}

void ending_by_stop(struct bridge *bridge, struct record *record)
{
    struct why why;
    bool was_called = record->last_fault != FAULT_OK;
    why_set(&why, ERR_DOWN, NULL, "the bridge is stopping; %s%s",
            was_called ? "the last call ended in " : "the command was not applied",
            fault_name(record->last_fault));
    ending_settle(bridge, record, RECORD_REFUSE, REJECT_SERVICE_UNAVAILABLE, &why, STR_NONE);
}
