#include "bridge/bridge.h"

#include "base/limits.h"
#include "base/log.h"
#include "bridge/backoff.h"
#include "bridge/followers.h"
#include "bridge/intake.h"
#include "bridge/known.h"
#include "bridge/ledger.h"
#include "bridge/outbox.h"
#include "bridge/parking.h"
#include "bridge/report.h"
#include "jobs/effect.h"

#include <stdlib.h>

/* What a sender is told to wait after RequestThrottled. */
#define THROTTLED_RETRY_AFTER_S (BACKOFF_MAX_MS / 1000)

/* Longer than a command: its numbers may be written longer than they came. */
#define BODY_MAX ((size_t)2 * LIMITS_COMMAND_BYTES)

struct bridge {
    struct bridge_options options;
    struct schedule schedule;
    struct outbox outbox;
    struct ledger ledger;
    struct parking parking;
    struct followers followers;
    struct known known;
    struct record *calling[LIMITS_MAX_IN_FLIGHT]; /* by slot: the first of a call; NULL: free */
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
    bridge->options.schedule.chance = options->chance;
    schedule_init(&bridge->schedule, &bridge->options.schedule, mono_ms(bridge));
    outbox_init(&bridge->outbox, &bridge->options.outcome);
    ledger_init(&bridge->ledger, &options->journal);
    parking_init(&bridge->parking);
    followers_init(&bridge->followers);
    known_init(&bridge->known, options->policy != NULL ? options->policy->tracked : 0,
               &options->memory);
    bridge->next_seq = ledger_next_seq(&bridge->ledger);
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
    parking_clear(&bridge->parking);
    followers_fini(&bridge->followers);
    known_fini(&bridge->known);
    buf_fini(&bridge->tickets);
    buf_fini(&bridge->body);
    free(bridge);
}

/* Notes how a command ended and hands its answer to the outbox. It must be in state DECIDED. */
static void conclude(struct bridge *bridge, struct record *record, enum reject code,
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
    report_decision(record);
    outbox_add(&bridge->outbox, record);
}

static void conclude_at_once(struct bridge *bridge, struct record *record, enum reject code,
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
        if (record->outcome.code == REJECT_NONE)
            bridge->books.accepted++;
        else
            bridge->books.rejected++;
        report_decision(record);
        outbox_add(&bridge->outbox, record);
        ledger_decide(&bridge->ledger, record);
    }
}

/* Ends a record that was in the schedule. */
static void settle(struct bridge *bridge, struct record *record, enum record_event event,
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

static int64_t deadline_of(const struct bridge *bridge, const struct record *record)
{
    int64_t deadline_ms = record->arrived_ms + bridge->options.deadline_ms;
    return record->expires_ms < deadline_ms ? record->expires_ms : deadline_ms;
}

/* Puts the record where it waits for its call. */
static enum err enter(struct bridge *bridge, struct record *record)
{
    enum err err = known_enter(&bridge->known, record);
    if (err != ERR_NONE)
        return err;
    err = schedule_add(&bridge->schedule, record, deadline_of(bridge, record));
    if (err != ERR_NONE)
        known_cancel(&bridge->known, record);
    return err;
}

/* False: out of memory, nothing has happened. */
static bool take_in(struct bridge *bridge, struct record *record, enum reject code, struct why *why)
{
    bool is_due = code == REJECT_NONE && !record->is_dry_run;
    record->seq = bridge->next_seq;
    if (is_due && schedule_is_crowded(&bridge->schedule, record)) {
        code = REJECT_REQUEST_THROTTLED;
        why_set(why, ERR_FULL, NULL, "%u commands of this thing wait already, as many as may",
                bridge->options.schedule.waiting_per_thing);
    }
    if (code != REJECT_NONE || record->is_dry_run)
        conclude_at_once(bridge, record, code, why);
    else if (enter(bridge, record) != ERR_NONE)
        return false;
    bridge->next_seq++;
    bridge->books.received++;
    return true;
}

static bool has_same_address(const struct record *record, const struct journal_entry *known)
{
    return str_eq(record->response_topic, known->response_topic) &&
           str_eq(record->correlation, known->correlation);
}

/* Whether the record repeats a command that the journal knows; then it has been dealt with. An
 * answer that is to come serves it too, or it follows there if it wants its own elsewhere; one that
 * was given is given again. */
static bool is_repeated(struct bridge *bridge, struct record *record, const struct arrival *arrival)
{
    struct journal_entry known;
    if (ledger_find(&bridge->ledger, record, arrival, wall_ms(bridge), &known) != ERR_NONE)
        return false;
    bool is_served = known.state != JOURNAL_FINISHED && has_same_address(record, &known);
    if (known.state == JOURNAL_OPEN && !is_served) {
        record->seq = bridge->next_seq++;
        bridge->books.received++;
        followers_add(&bridge->followers, record, known.seq);
        ledger_take(&bridge->ledger, record, arrival, wall_ms(bridge));
        return true;
    }
    bridge->books.repeated++;
    if (is_served) {
        record_free(record);
        return true;
    }
    record->is_repeat = true;
    record_recall(record, &known.ending);
    report_decision(record);
    outbox_add(&bridge->outbox, record);
    return true;
}

static void hold_ticket(struct bridge *bridge, uint64_t ticket)
{
    if (ticket == 0)
        return;
    buf_add(&bridge->tickets, (struct str){(const char *)&ticket, sizeof ticket});
    if (buf_err(&bridge->tickets) != ERR_NONE)
        log_say(LOG_ERROR, "bridge",
                "an acknowledgement could not be kept; the broker will send "
                "that command again after the next reconnect");
}

static void take(struct bridge *bridge, const struct arrival *arrival)
{
    const struct intake_options intake = {&bridge->options.outcome, bridge->options.policy,
                                          &bridge->known};
    struct why why = {0};
    enum reject code;
    struct record *record =
        intake_read(&intake, arrival, wall_ms(bridge), mono_ms(bridge), &code, &why);
    if (record != NULL && is_repeated(bridge, record, arrival)) {
        hold_ticket(bridge, arrival->ack_ticket);
        return;
    }
    if (record == NULL || !take_in(bridge, record, code, &why)) {
        record_free(record);
        log_say(LOG_ERROR, "bridge",
                "out of memory: a command was not taken in and not acknowledged");
        return;
    }
    ledger_take(&bridge->ledger, record, arrival, wall_ms(bridge));
    hold_ticket(bridge, arrival->ack_ticket);
}

static bool has_room(const struct bridge *bridge)
{
    size_t undecided =
        bridge->schedule.waiting + bridge->schedule.in_flight + bridge->followers.count;
    return undecided < LIMITS_WAITING && ledger_has_room(&bridge->ledger);
}

/* At QoS 0 there is no acknowledgement to hold back: the sender is told. Not worth a place in the
 * journal, which may be what is full. */
static void turn_away(struct bridge *bridge, const struct arrival *arrival)
{
    const struct intake_options intake = {.outcome = &bridge->options.outcome};
    struct why why = {0};
    enum reject code;
    struct record *record =
        intake_read(&intake, arrival, wall_ms(bridge), mono_ms(bridge), &code, &why);
    if (record == NULL)
        return; /* best effort, and said to be */
    why_set(&why, ERR_FULL, NULL, "there is no room for more commands now; send it again later");
    bridge->books.received++;
    conclude_at_once(bridge, record, REJECT_REQUEST_THROTTLED, &why);
}

static void park(struct bridge *bridge, const struct arrival *arrival)
{
    if (bridge->parking.count == 0)
        log_say(LOG_WARN, "full", "commands are left with the broker until there is room");
    if (parking_add(&bridge->parking, arrival) != ERR_NONE)
        log_say(LOG_ERROR, "full",
                "a command is left with the broker, which will send it again "
                "after the next reconnect");
}

void bridge_on_arrival(struct bridge *bridge, const struct arrival *arrival)
{
    if (bridge->is_stopping || bridge->ledger.is_broken)
        return; /* not acknowledged, so the broker keeps it */
    if (bridge->parking.count == 0 && has_room(bridge))
        take(bridge, arrival);
    else if (arrival->qos == 0)
        turn_away(bridge, arrival);
    else
        park(bridge, arrival);
}

static void unpark(struct bridge *bridge)
{
    while (!bridge->is_stopping && bridge->parking.count > 0 && has_room(bridge)) {
        take(bridge, parking_first(&bridge->parking));
        parking_drop_first(&bridge->parking);
    }
}

/* What belongs to the lost link is worth nothing on the next one. */
void bridge_on_link(struct bridge *bridge, bool is_up)
{
    if (is_up)
        return;
    outbox_lose(&bridge->outbox);
    buf_clear(&bridge->tickets);
    parking_clear(&bridge->parking);
}

/* The last post of the record is dealt with. */
static void finish(struct bridge *bridge, struct record *record)
{
    record_move(record, RECORD_DELIVER);
    if (record->posts_refused > 0) {
        char refusal[OUTBOX_REFUSAL_MAX];
        outbox_refusal(record, refusal, sizeof refusal);
        report_undelivered(record, refusal);
        ledger_bury(&bridge->ledger, record, wall_ms(bridge), refusal);
    }
    ledger_finish(&bridge->ledger, record, mono_ms(bridge));
    record_free(record);
}

void bridge_on_delivered(struct bridge *bridge, uint64_t post_id, enum err err)
{
    if (err != ERR_NONE)
        bridge->books.undelivered++;
    struct record *record = outbox_delivered(&bridge->outbox, post_id, err);
    if (record != NULL)
        finish(bridge, record);
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

static void refuse_to_stop(struct bridge *bridge, struct record *record)
{
    struct why why;
    bool was_called = record->last_fault != FAULT_OK;
    why_set(&why, ERR_DOWN, NULL, "the bridge is stopping; %s%s",
            was_called ? "the last call ended in " : "the command was not applied",
            fault_name(record->last_fault));
    settle(bridge, record, RECORD_REFUSE, REJECT_SERVICE_UNAVAILABLE, &why, STR_NONE);
}

/* Whether the record may wait for another call; otherwise it is ended here. */
static bool may_go_on(struct bridge *bridge, struct record *record, int64_t now_ms)
{
    if (deadline_of(bridge, record) <= now_ms)
        expire(bridge, record, RECORD_REFUSE, now_ms);
    else if (bridge->is_stopping && !ledger_has_journal(&bridge->ledger))
        refuse_to_stop(bridge, record);
    else
        return true;
    return false;
}

/* The first command of the call that may wait for another one; NULL: none. */
static struct record *weed_out(struct bridge *bridge, struct record *first, int64_t now_ms)
{
    struct record *left = NULL;
    for (struct record *next; first != NULL; first = next) {
        next = batch_next(first);
        if (may_go_on(bridge, first, now_ms) && left == NULL)
            left = first;
    }
    return left;
}

static void try_again(struct bridge *bridge, struct record *first, const struct reply *reply,
                      int64_t again_ms)
{
    int64_t now_ms = mono_ms(bridge);
    bool is_in_doubt =
        first->is_in_doubt || (bridge->options.verifies && reply->fault == FAULT_TRANSPORT);
    for (struct record *at = first; at != NULL; at = batch_next(at)) {
        at->last_fault = reply->fault;
        at->is_in_doubt = is_in_doubt;
        at->may_be_applied = at->may_be_applied || reply->class == FAULT_TRANSIENT;
    }
    first = weed_out(bridge, first, now_ms);
    if (first == NULL)
        return;
    report_retry(first, reply, again_ms - now_ms);
    schedule_pause(&bridge->schedule, first, again_ms);
}

/* One bad command must not spoil the others that shared its call. */
static void split(struct bridge *bridge, struct record *first)
{
    first = weed_out(bridge, first, mono_ms(bridge));
    if (first != NULL)
        schedule_split(&bridge->schedule, first);
}

/* Ends every command of a call. */
static void settle_call(struct bridge *bridge, struct record *first, enum record_event event,
                        enum reject code, const struct why *why, struct str request_id)
{
    for (struct record *next; first != NULL; first = next) {
        next = batch_next(first);
        settle(bridge, first, event, code, why, request_id);
    }
}

/* What DescribeJob says of a call in doubt: it took effect, or it is made again. */
static void end_doubt(struct bridge *bridge, struct record *first, const struct reply *reply)
{
    buf_clear(&bridge->body);
    batch_write(first, &bridge->body);
    if (reply->class == FAULT_NONE && effect_is_seen(buf_str(&bridge->body), reply->body)) {
        settle_call(bridge, first, RECORD_ACCEPT, REJECT_NONE, NULL, STR_NONE);
        return;
    }
    for (struct record *at = first; at != NULL; at = batch_next(at))
        at->is_in_doubt = false;
    int64_t now_ms = mono_ms(bridge);
    first = weed_out(bridge, first, now_ms);
    if (first != NULL)
        schedule_pause(&bridge->schedule, first, now_ms);
}

void bridge_on_reply(struct bridge *bridge, const struct reply *reply)
{
    struct record *first = take_call(bridge, reply->id);
    if (first == NULL)
        return; /* abandoned */
    bridge->endpoint_state = reply->class;
    if (reply->class == FAULT_THROTTLED)
        bridge->books.throttled++;
    enum breaker_state was = bridge_breaker(bridge);
    int64_t again_ms = schedule_judge(&bridge->schedule, first, reply, mono_ms(bridge));
    if ((was == BREAKER_CLOSED) != (bridge_breaker(bridge) == BREAKER_CLOSED))
        report_breaker(bridge_breaker(bridge), reply);
    bool is_answered = reply->class == FAULT_NONE || reply->class == FAULT_PERMANENT;
    if (is_answered && first->is_in_doubt) {
        end_doubt(bridge, first, reply);
    } else if (reply->class == FAULT_NONE) {
        settle_call(bridge, first, RECORD_ACCEPT, REJECT_NONE, NULL, reply->request_id);
    } else if (reply->class != FAULT_PERMANENT) {
        try_again(bridge, first, reply, again_ms);
    } else if (batch_is_divisible(first, reply->fault)) {
        split(bridge, first);
    } else {
        struct why why;
        why_set(&why, ERR_REFUSED, NULL, "%.*s", STR_ARG(reply->message));
        settle_call(bridge, first, RECORD_REFUSE, reject_of_fault(reply->fault), &why,
                    reply->request_id);
    }
}

static void release_acknowledgements(struct bridge *bridge)
{
    struct str held = buf_str(&bridge->tickets);
    for (size_t at = 0; at < held.n; at += sizeof(uint64_t)) {
        uint64_t ticket;
        memcpy(&ticket, held.p + at, sizeof ticket);
        bridge->options.broker.acknowledge(bridge->options.broker.context, ticket);
    }
    buf_clear(&bridge->tickets);
}

static void start_call(struct bridge *bridge, struct record *first)
{
    size_t slot = 0;
    while (bridge->calling[slot] != NULL)
        slot++;
    const struct port_endpoint *endpoint = &bridge->options.endpoint;
    enum err (*start)(void *, const struct call *) =
        first->is_in_doubt ? endpoint->describe : endpoint->call;
    bridge->calling[slot] = first;
    bridge->books.calls++;
    buf_clear(&bridge->body);
    batch_write(first, &bridge->body);
    struct call call = {
        .id = first->seq * LIMITS_MAX_IN_FLIGHT + slot,
        .job = first->job,
        .namespace = first->namespace,
        .body = buf_str(&bridge->body),
    };
    enum err err = buf_err(&bridge->body);
    if (err == ERR_NONE)
        err = start(endpoint->context, &call);
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
    unpark(bridge);
    /* Without room a journal may have failed: only a commit tells. */
    bool must_commit = bridge->is_stopping || bridge->parking.count > 0;
    if (!ledger_commit(&bridge->ledger, now_ms, wall_ms(bridge), must_commit))
        return; /* nothing leaves that is not durable */
    release_acknowledgements(bridge);
    send_posts(bridge);
    while ((record = schedule_start(&bridge->schedule, now_ms)) != NULL)
        start_call(bridge, record);
}

int64_t bridge_due_ms(const struct bridge *bridge)
{
    int64_t schedule = schedule_due_ms(&bridge->schedule, mono_ms(bridge));
    int64_t ledger = ledger_due_ms(&bridge->ledger);
    return schedule < ledger ? schedule : ledger;
}

struct bridge_books bridge_books(const struct bridge *bridge)
{
    struct bridge_books books = bridge->books;
    books.waiting = bridge->schedule.waiting + bridge->followers.count;
    books.in_flight = bridge->schedule.in_flight;
    books.open_calls = bridge->schedule.open_calls;
    return books;
}

bool bridge_is_full(const struct bridge *bridge)
{
    return bridge->parking.count > 0 || !has_room(bridge);
}

enum fault_class bridge_endpoint_state(const struct bridge *bridge)
{
    return bridge->endpoint_state;
}

enum breaker_state bridge_breaker(const struct bridge *bridge)
{
    return bridge->schedule.breaker.state;
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
    if (!ledger_has_journal(&bridge->ledger))
        schedule_each(&bridge->schedule, stop_waiting, bridge);
}

static bool is_calling(const struct bridge *bridge)
{
    for (size_t slot = 0; slot < LIMITS_MAX_IN_FLIGHT; slot++)
        if (bridge->calling[slot] != NULL)
            return true;
    return false;
}

void bridge_abandon(struct bridge *bridge)
{
    for (size_t slot = 0; slot < LIMITS_MAX_IN_FLIGHT; slot++) {
        struct record *record = bridge->calling[slot];
        bridge->calling[slot] = NULL;
        if (record == NULL || ledger_has_journal(&bridge->ledger))
            continue;
        struct why why;
        why_set(&why, ERR_DOWN, NULL,
                "the bridge stopped during the call; it may have taken effect");
        settle_call(bridge, record, RECORD_REFUSE, REJECT_SERVICE_UNAVAILABLE, &why, STR_NONE);
    }
}

bool bridge_is_idle(const struct bridge *bridge)
{
    bool is_done = ledger_has_journal(&bridge->ledger) || bridge->schedule.waiting == 0;
    return is_done && !is_calling(bridge) && outbox_is_empty(&bridge->outbox);
}

bool bridge_is_broken(const struct bridge *bridge, const char **ret_why)
{
    *ret_why = bridge->ledger.why.text;
    return bridge->ledger.is_broken;
}

/* Puts a decided command's answer and events back into the outbox. */
static void recall(struct bridge *bridge, struct record *record, const struct ending *ending)
{
    record_recall(record, ending);
    outbox_add(&bridge->outbox, record);
}

/* Checked as on the day it arrived, so it ends the same. The policy allowed it then, and is not
 * asked again: it may be another today, and the call may have been made already. */
static enum err recover_one(void *context, const struct journal_entry *entry)
{
    struct bridge *bridge = context;
    struct arrival arrival = ledger_arrival(entry);
    int64_t age_ms = wall_ms(bridge) - entry->arrived_at_ms;
    const struct intake_options intake = {.outcome = &bridge->options.outcome};
    struct why why = {0};
    enum reject code;
    struct record *record = intake_read(&intake, &arrival, entry->arrived_at_ms,
                                        mono_ms(bridge) - (age_ms > 0 ? age_ms : 0), &code, &why);
    if (record == NULL)
        return ERR_NO_MEMORY;
    record->seq = entry->seq;
    record->last_fault = FAULT_TRANSPORT; /* what kept it waiting so far: the bridge was down */
    record->may_be_applied = true;        /* a call may have been under way */
    if (entry->state == JOURNAL_DECIDED) {
        recall(bridge, record, &entry->ending);
    } else if (code != REJECT_NONE) {
        conclude_at_once(bridge, record, code, &why);
        ledger_decide(&bridge->ledger, record);
    } else if (enter(bridge, record) != ERR_NONE) {
        record_free(record);
        return ERR_NO_MEMORY;
    }
    return ERR_NONE;
}

enum err bridge_recover(struct bridge *bridge, struct why *why)
{
    if (!ledger_has_journal(&bridge->ledger))
        return ERR_NONE;
    const struct port_journal *journal = &bridge->options.journal;
    struct journal_totals totals;
    journal->totals(journal->context, &totals);
    bridge->books.received = totals.received;
    bridge->books.accepted = totals.accepted;
    bridge->books.rejected = totals.rejected;
    enum err err = known_load(&bridge->known, why);
    return err != ERR_NONE ? err : journal->each(journal->context, recover_one, bridge, why);
}
