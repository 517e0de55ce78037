#include "bridge/bridge.h"

#include "base/limits.h"
#include "base/log.h"
#include "bridge/backoff.h"
#include "bridge/intake.h"
#include "bridge/outbox.h"

#include <stdlib.h>

/* What a sender is told to wait after RequestThrottled. */
#define THROTTLED_RETRY_AFTER_S (BACKOFF_MAX_MS / 1000)
/* How long calls rest after the first throttled answer that names no time of its own. */
#define THROTTLED_HOLD_MS 1000

/* Longer than a command: its numbers may be written longer than they came. */
#define BODY_MAX ((size_t)2 * LIMITS_COMMAND_BYTES)

struct bridge {
    struct bridge_options options;
    struct schedule schedule;
    struct outbox outbox;
    struct record *calling[LIMITS_MAX_IN_FLIGHT]; /* by slot; NULL: free */
    struct buf tickets;                           /* uint64_t each: PUBACKs still held back */
    struct buf body;
    uint64_t next_seq;
    struct bridge_books books; /* waiting and in_flight are the schedule's */
    enum fault_class endpoint_state;
    bool is_stopping;
};

static int64_t mono_ms(const struct bridge *bridge)
{
    return bridge->options.time.mono_ms(bridge->options.time.context);
}

static int64_t wall_ms(const struct bridge *bridge)
{
    return bridge->options.time.wall_ms(bridge->options.time.context);
}

enum err bridge_new(const struct bridge_options *options, struct bridge **ret)
{
    struct bridge *bridge = calloc(1, sizeof *bridge);
    if (bridge == NULL)
        return ERR_NO_MEMORY;
    bridge->options = *options;
    schedule_init(&bridge->schedule, &options->schedule, mono_ms(bridge));
    outbox_init(&bridge->outbox, &bridge->options.outcome);
    buf_init(&bridge->tickets, UINT16_MAX * sizeof(uint64_t)); /* as many as packet ids */
    buf_init(&bridge->body, BODY_MAX);
    *ret = bridge;
    return ERR_NONE;
}

void bridge_free(struct bridge *bridge)
{
    if (bridge == NULL)
        return;
    schedule_fini(&bridge->schedule);
    outbox_fini(&bridge->outbox);
    buf_fini(&bridge->tickets);
    buf_fini(&bridge->body);
    free(bridge);
}

static void log_decision(const struct record *record)
{
    const struct outcome *outcome = &record->outcome;
    bool is_accepted = outcome->code == REJECT_NONE;
    struct log_line line;
    log_start(&line, LOG_INFO, is_accepted ? "accepted" : "rejected");
    if (str_is_absent(record->job))
        log_str(&line, "topic", record->topic);
    log_str(&line, "thing", record->thing);
    log_str(&line, "job", record->job);
    log_str(&line, "namespace", record->namespace);
    log_str(&line, "client_token", record->client_token);
    if (!is_accepted) {
        log_text(&line, "code", reject_name(outcome->code));
        log_str(&line, "field", outcome->field);
        log_str(&line, "msg", outcome->message);
    }
    log_str(&line, "request_id", outcome->request_id);
    log_int(&line, "attempts", record->attempts);
    log_int(&line, "latency_ms", outcome->latency_ms);
    if (record->is_dry_run)
        log_text(&line, "dry_run", "yes");
    if (record->qos == 0)
        log_text(&line, "delivery", "best effort, it came at QoS 0");
    log_end(&line);
}

/* Records how a command ended and hands its answer to the outbox. It must be in state DECIDED. */
static void answer(struct bridge *bridge, struct record *record, enum reject code,
                   const struct why *why, struct str request_id)
{
    record_conclude(record, code, why, request_id);
    record->outcome.decided_at_s = wall_ms(bridge) / 1000;
    record->outcome.latency_ms = mono_ms(bridge) - record->arrived_ms;
    if (code == REJECT_REQUEST_THROTTLED && record->outcome.retry_after_s < 0)
        record->outcome.retry_after_s = THROTTLED_RETRY_AFTER_S;
    if (code == REJECT_NONE)
        bridge->books.accepted++;
    else
        bridge->books.rejected++;
    log_decision(record);
    outbox_add(&bridge->outbox, record);
}

/* Ends a record that never entered the schedule. */
static void answer_at_once(struct bridge *bridge, struct record *record, enum reject code,
                           const struct why *why)
{
    record_move(record, code == REJECT_NONE ? RECORD_ACCEPT : RECORD_REFUSE);
    answer(bridge, record, code, why, STR_NONE);
}

static void settle(struct bridge *bridge, struct record *record, enum record_event event,
                   enum reject code, const struct why *why, struct str request_id)
{
    schedule_settle(&bridge->schedule, record, event);
    answer(bridge, record, code, why, request_id);
}

static int64_t deadline_of(const struct bridge *bridge, const struct record *record)
{
    int64_t deadline_ms = record->arrived_ms + bridge->options.deadline_ms;
    return record->expires_ms < deadline_ms ? record->expires_ms : deadline_ms;
}

/* Takes the record in; the PUBACK may leave once this has returned true. */
static bool take_in(struct bridge *bridge, struct record *record, enum reject code,
                    const struct why *why)
{
    bool is_full = bridge->schedule.waiting >= LIMITS_WAITING && record->qos == 0;
    record->seq = bridge->next_seq;
    if (code == REJECT_NONE && is_full) {
        struct why full;
        why_set(&full, ERR_FULL, NULL, "%d commands are waiting", LIMITS_WAITING);
        answer_at_once(bridge, record, REJECT_REQUEST_THROTTLED, &full);
    } else if (code != REJECT_NONE || record->is_dry_run) {
        answer_at_once(bridge, record, code, why);
    } else if (schedule_add(&bridge->schedule, record, deadline_of(bridge, record)) != ERR_NONE) {
        return false;
    }
    bridge->next_seq++;
    bridge->books.received++;
    return true;
}

static void hold_ticket(struct bridge *bridge, uint64_t ticket)
{
    buf_add(&bridge->tickets, (struct str){(const char *)&ticket, sizeof ticket});
    if (buf_err(&bridge->tickets) != ERR_NONE)
        log_say(LOG_ERROR, "bridge",
                "an acknowledgement could not be kept; the broker will send "
                "that command again after the next reconnect");
}

void bridge_on_arrival(struct bridge *bridge, const struct arrival *arrival)
{
    if (bridge->is_stopping)
        return; /* not acknowledged, so the broker keeps it */
    struct why why = {0};
    enum reject code;
    struct record *record = intake_read(&bridge->options.outcome, arrival, wall_ms(bridge),
                                        mono_ms(bridge), &code, &why);
    if (record == NULL || !take_in(bridge, record, code, &why)) {
        record_free(record);
        log_say(LOG_ERROR, "bridge",
                "out of memory: a command was not taken in and not "
                "acknowledged");
        return;
    }
    if (arrival->ack_ticket != 0)
        hold_ticket(bridge, arrival->ack_ticket);
}

void bridge_on_link(struct bridge *bridge, bool is_up)
{
    if (is_up)
        return;
    outbox_lose(&bridge->outbox);
    buf_clear(&bridge->tickets); /* they belong to the lost link */
}

void bridge_on_delivered(struct bridge *bridge, uint64_t post_id, enum err err)
{
    if (err != ERR_NONE) {
        bridge->books.undelivered++;
        log_say(LOG_ERROR, "undelivered",
                "the broker takes an answer or event neither now nor later");
    }
    struct record *record = outbox_delivered(&bridge->outbox, post_id);
    if (record == NULL)
        return;
    record_move(record, RECORD_DELIVER);
    record_free(record);
}

static struct record *take_call(struct bridge *bridge, uint64_t call_id)
{
    size_t slot = call_id % LIMITS_MAX_IN_FLIGHT;
    struct record *record = bridge->calling[slot];
    if (record == NULL || record->seq != call_id / LIMITS_MAX_IN_FLIGHT)
        return NULL;
    bridge->calling[slot] = NULL;
    return record;
}

static void expire(struct bridge *bridge, struct record *record, enum record_event event,
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
    settle(bridge, record, event, code, &why, STR_NONE);
}

static void slow_down(struct bridge *bridge, const struct reply *reply, int64_t now_ms)
{
    int64_t rest_ms = reply->retry_after_ms > 0 ? reply->retry_after_ms : THROTTLED_HOLD_MS;
    schedule_hold(&bridge->schedule, now_ms + rest_ms);
}

static void refuse_to_stop(struct bridge *bridge, struct record *record)
{
    struct why why;
    bool was_called = record->last_fault != FAULT_OK;
    why_set(&why, ERR_DOWN, NULL, "the bridge is stopping; %s%s",
            was_called ? "the last call ended in " : "the command was not applied",
            fault_name(record->last_fault));
    settle(bridge, record, RECORD_REFUSE, REJECT_SERVICE_UNAVAILABLE, &why, STR_NONE);
}

static void try_again(struct bridge *bridge, struct record *record, const struct reply *reply)
{
    int64_t now_ms = mono_ms(bridge);
    record->last_fault = reply->fault;
    if (reply->class == FAULT_THROTTLED)
        slow_down(bridge, reply, now_ms);
    if (deadline_of(bridge, record) <= now_ms) {
        expire(bridge, record, RECORD_REFUSE, now_ms);
        return;
    }
    if (bridge->is_stopping) {
        refuse_to_stop(bridge, record);
        return;
    }
    int64_t pause_ms = backoff_pause_ms(reply->class, record->attempts, reply->retry_after_ms,
                                        &bridge->options.chance);
    struct log_line line;
    log_start(&line, LOG_WARN, "retry");
    log_str(&line, "job", record->job);
    log_text(&line, "fault", fault_name(reply->fault));
    log_int(&line, "status", reply->http_status);
    log_str(&line, "msg", reply->message);
    log_int(&line, "attempts", record->attempts);
    log_int(&line, "pause_ms", pause_ms);
    log_end(&line);
    schedule_pause(&bridge->schedule, record, now_ms + pause_ms);
}

void bridge_on_reply(struct bridge *bridge, const struct reply *reply)
{
    struct record *record = take_call(bridge, reply->id);
    if (record == NULL)
        return; /* abandoned */
    bridge->endpoint_state = reply->class;
    if (reply->class == FAULT_NONE) {
        settle(bridge, record, RECORD_ACCEPT, REJECT_NONE, NULL, reply->request_id);
    } else if (reply->class == FAULT_PERMANENT) {
        struct why why;
        why_set(&why, ERR_REFUSED, NULL, "%.*s", STR_ARG(reply->message));
        settle(bridge, record, RECORD_REFUSE, reject_of_fault(reply->fault), &why,
               reply->request_id);
    } else {
        try_again(bridge, record, reply);
    }
}

/* Held while more wait than may: the broker then stops sending, which is what pushes back. */
static void release_acknowledgements(struct bridge *bridge)
{
    if (bridge->schedule.waiting > LIMITS_WAITING)
        return;
    struct str held = buf_str(&bridge->tickets);
    for (size_t at = 0; at < held.n; at += sizeof(uint64_t)) {
        uint64_t ticket;
        memcpy(&ticket, held.p + at, sizeof ticket);
        bridge->options.broker.acknowledge(bridge->options.broker.context, ticket);
    }
    buf_clear(&bridge->tickets);
}

static void start_call(struct bridge *bridge, struct record *record)
{
    size_t slot = 0;
    while (bridge->calling[slot] != NULL)
        slot++;
    bridge->calling[slot] = record;
    bridge->books.calls++;
    buf_clear(&bridge->body);
    update_write(&record->update, &bridge->body);
    struct call call = {
        .id = record->seq * LIMITS_MAX_IN_FLIGHT + slot,
        .job = record->job,
        .namespace = record->namespace,
        .body = buf_str(&bridge->body),
    };
    enum err err = buf_err(&bridge->body);
    if (err == ERR_NONE)
        err = bridge->options.endpoint.call(bridge->options.endpoint.context, &call);
    if (err == ERR_NONE)
        return;
    struct reply reply = {
        .id = call.id,
        .class = FAULT_TRANSIENT,
        .fault = FAULT_TRANSPORT,
        .message = str_of(err_name(err)),
        .request_id = STR_NONE,
        .retry_after_ms = -1,
    };
    bridge_on_reply(bridge, &reply);
}

static void send_posts(struct bridge *bridge)
{
    uint64_t refused;
    while (outbox_send(&bridge->outbox, &bridge->options.broker, &refused))
        bridge_on_delivered(bridge, refused, ERR_INVALID);
}

void bridge_turn(struct bridge *bridge)
{
    int64_t now_ms = mono_ms(bridge);
    struct record *record;
    while ((record = schedule_expired(&bridge->schedule, now_ms)) != NULL)
        expire(bridge, record, RECORD_EXPIRE, now_ms);
    release_acknowledgements(bridge);
    send_posts(bridge);
    while ((record = schedule_start(&bridge->schedule, now_ms)) != NULL)
        start_call(bridge, record);
}

int64_t bridge_due_ms(const struct bridge *bridge)
{
    return schedule_due_ms(&bridge->schedule, mono_ms(bridge));
}

struct bridge_books bridge_books(const struct bridge *bridge)
{
    struct bridge_books books = bridge->books;
    books.waiting = bridge->schedule.waiting;
    books.in_flight = bridge->schedule.in_flight;
    return books;
}

enum fault_class bridge_endpoint_state(const struct bridge *bridge)
{
    return bridge->endpoint_state;
}

static void stop_waiting(void *context, struct record *record)
{
    if (record->state != RECORD_CALLING)
        refuse_to_stop(context, record);
}

void bridge_stop(struct bridge *bridge)
{
    bridge->is_stopping = true;
    bridge->schedule.is_stopped = true;
    schedule_each(&bridge->schedule, stop_waiting, bridge);
}

void bridge_abandon(struct bridge *bridge)
{
    for (size_t slot = 0; slot < LIMITS_MAX_IN_FLIGHT; slot++) {
        struct record *record = bridge->calling[slot];
        if (record == NULL)
            continue;
        struct why why;
        why_set(&why, ERR_DOWN, NULL,
                "the bridge stopped during the call; it may have taken "
                "effect");
        bridge->calling[slot] = NULL;
        settle(bridge, record, RECORD_REFUSE, REJECT_SERVICE_UNAVAILABLE, &why, STR_NONE);
    }
}

bool bridge_is_idle(const struct bridge *bridge)
{
    return bridge->schedule.in_flight == 0 && bridge->schedule.waiting == 0 &&
           outbox_is_empty(&bridge->outbox);
}
