#include "bridge/bridge.h"

#include "bridge/calling.h"
#include "bridge/ending.h"
#include "bridge/inside.h"
#include "bridge/report.h"
#include "bridge/taking.h"

#include <stdlib.h>

/* Longer than a command: its numbers may be written longer than they came. */
#define BODY_MAX ((size_t)2 * LIMITS_COMMAND_BYTES)

enum err bridge_new(const struct bridge_options *options, struct bridge **ret)
{
    struct bridge *bridge = calloc(1, sizeof *bridge);
    if (bridge == NULL)
        return ERR_NO_MEMORY;
    bridge->options = *options;
    bridge->options.schedule.chance = options->chance;
    schedule_init(&bridge->schedule, &bridge->options.schedule, inside_mono_ms(bridge));
    outbox_init(&bridge->outbox, &bridge->options.outcome);
    ledger_init(&bridge->ledger, &options->journal);
    parking_init(&bridge->parking);
    followers_init(&bridge->followers);
    known_init(&bridge->known, options->policy != NULL ? options->policy->tracked : 0,
               &options->memory);
    bridge->books = options->books;
    bridge->latency = options->latency;
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

void bridge_on_arrival(struct bridge *bridge, const struct arrival *arrival)
{
    taking_arrival(bridge, arrival);
}

void bridge_on_reply(struct bridge *bridge, const struct reply *reply)
{
    calling_reply(bridge, reply);
}

enum err bridge_recover(struct bridge *bridge, struct why *why)
{
    return taking_recover(bridge, why);
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
        bridge->books.buried++;
        report_undelivered(record, refusal);
        ledger_bury(&bridge->ledger, record, inside_wall_ms(bridge), refusal);
    }
    ledger_finish(&bridge->ledger, record, inside_mono_ms(bridge));
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

static void send_posts(struct bridge *bridge)
{
    uint64_t refused;
    while (outbox_send(&bridge->outbox, &bridge->options.broker, &refused))
        bridge_on_delivered(bridge, refused, ERR_INVALID);
}

void bridge_turn(struct bridge *bridge)
{
    int64_t now_ms = inside_mono_ms(bridge);
    struct record *record;
    while ((record = schedule_expired(&bridge->schedule, now_ms)) != NULL)
        ending_by_time(bridge, record, RECORD_EXPIRE, now_ms);
    taking_unpark(bridge);
    /* Without room a journal may have failed: only a commit tells. */
    bool must_commit = bridge->is_stopping || bridge->parking.count > 0;
    if (!ledger_commit(&bridge->ledger, now_ms, inside_wall_ms(bridge), must_commit))
        return; /* nothing leaves that is not durable */
    release_acknowledgements(bridge);
    send_posts(bridge);
    while ((record = schedule_start(&bridge->schedule, now_ms)) != NULL)
        calling_start(bridge, record);
}

int64_t bridge_due_ms(const struct bridge *bridge)
{
    int64_t schedule = schedule_due_ms(&bridge->schedule, inside_mono_ms(bridge));
    int64_t ledger = ledger_due_ms(&bridge->ledger);
    return schedule < ledger ? schedule : ledger;
}

struct bridge_books bridge_books(const struct bridge *bridge)
{
    struct bridge_books books = bridge->books;
    books.waiting = bridge->schedule.waiting + bridge->followers.count;
    books.in_flight = bridge->schedule.in_flight;
    books.open_calls = bridge->schedule.open_calls;
    books.held_back = bridge->parking.count;
    return books;
}

const struct bridge_latency *bridge_latency(const struct bridge *bridge)
{
    return &bridge->latency;
}

struct bridge_speed bridge_speed(const struct bridge *bridge)
{
    const struct pace *pace = &bridge->schedule.pace;
    return (struct bridge_speed){
        .rate = pace_rate(pace),
        .configured = (double)pace->configured / BUCKET_TOKEN,
        .tokens = bucket_tokens(&pace->bucket, inside_mono_ms(bridge)),
    };
}

bool bridge_is_full(const struct bridge *bridge)
{
    return bridge->parking.count > 0 || !taking_has_room(bridge);
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
        ending_by_stop(context, record);
}

void bridge_stop(struct bridge *bridge)
{
    bridge->is_stopping = true;
    bridge->schedule.is_stopped = true;
    if (!ledger_has_journal(&bridge->ledger))
        schedule_each(&bridge->schedule, stop_waiting, bridge);
}

void bridge_abandon(struct bridge *bridge)
{
    calling_abandon(bridge);
}

bool bridge_is_idle(const struct bridge *bridge)
{
    bool is_done = ledger_has_journal(&bridge->ledger) || bridge->schedule.waiting == 0;
    return is_done && !calling_is_any(bridge) && outbox_is_empty(&bridge->outbox);
}

bool bridge_is_broken(const struct bridge *bridge, const char **ret_why)
{
    *ret_why = bridge->ledger.why.text;
    return bridge->ledger.is_broken;
}
