#include "bridge/bridge.h"

#include "bridge/calling.h"
#include "bridge/ending.h"
#include "bridge/inside.h"
#include "bridge/relay.h"
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
    if (inside_has_broker(bridge, SIDE_UPSTREAM) && (bridge->spoken = spoken_new()) == NULL) {
        free(bridge);
        return ERR_NO_MEMORY;
    }
    bridge->options.schedule.chance = options->chance;
    schedule_init(&bridge->schedule, &bridge->options.schedule, inside_mono_ms(bridge));
    ledger_init(&bridge->ledger, &options->journal);
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        struct spoken *spoken = side == SIDE_LOCAL ? bridge->spoken : NULL;
        outbox_init(&bridge->outboxes[side], &bridge->options.outcome, side, spoken);
        parking_init(&bridge->parkings[side]);
        buf_init(&bridge->tickets[side], UINT16_MAX * sizeof(uint64_t)); /* one per packet id */
    }
    followers_init(&bridge->followers);
    known_init(&bridge->known, options->policy != NULL ? options->policy->tracked : 0,
               &options->memory);
    bridge->books = options->books;
    bridge->latency = options->latency;
    bridge->next_seq = ledger_next_seq(&bridge->ledger);
    buf_init(&bridge->body, BODY_MAX);
    *ret = bridge;
    return ERR_NONE;
}

void bridge_free(struct bridge *bridge)
{
    if (bridge == NULL)
        return;
    schedule_fini(&bridge->schedule);
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        outbox_fini(&bridge->outboxes[side]);
        parking_clear(&bridge->parkings[side]);
        buf_fini(&bridge->tickets[side]);
    }
    spoken_free(bridge->spoken);
    followers_fini(&bridge->followers);
    known_fini(&bridge->known);
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
void bridge_on_link(struct bridge *bridge, enum side side, bool is_up)
{
    if (is_up)
        return;
    bridge->links[side]++;
    outbox_lose(&bridge->outboxes[side]);
    buf_clear(&bridge->tickets[side]);
    parking_clear(&bridge->parkings[side]);
}

/* A command on a topic that is none is worth no letter: it can only ever be refused, and anybody
 * can send as many as would push out the others. */
static void bury(struct bridge *bridge, const struct record *record)
{
    char refusal[OUTBOX_REFUSAL_MAX];
    outbox_refusal(record, refusal, sizeof refusal);
    report_undelivered(record, refusal);
    bridge->books.undelivered += record->posts_refused;
    if (record->outcome.code == REJECT_INVALID_TOPIC)
        return;
    bridge->books.buried++;
    ledger_bury(&bridge->ledger, record, inside_wall_ms(bridge), refusal);
}

/* The last post of the record is dealt with. One that was turned away, or is answered again, is no
 * command of its own. */
static void finish(struct bridge *bridge, struct record *record)
{
    record_move(record, RECORD_DELIVER);
    if (record->is_repeat && record->ack_link == bridge->links[record->from])
        taking_release(bridge, record->from, record->ack_ticket);
    if (record->is_notice)
        relay_forget(bridge, record);
    else if (record->seq != 0)
        histogram_add(&bridge->latency.delivered, inside_mono_us(bridge) - record->arrived_us);
    if (record->posts_refused > 0)
        bury(bridge, record);
    ledger_finish(&bridge->ledger, record, inside_mono_ms(bridge));
    record_free(record);
}

void bridge_on_delivered(struct bridge *bridge, enum side side, uint64_t post_id, enum err err)
{
    struct record *record = outbox_delivered(&bridge->outboxes[side], post_id, err);
    if (record != NULL)
        finish(bridge, record);
}

static void release_acknowledgements(struct bridge *bridge, enum side side)
{
    const struct port_broker *port = &bridge->options.brokers[side];
    struct str held = buf_str(&bridge->tickets[side]);
    for (size_t at = 0; at < held.n; at += sizeof(uint64_t)) {
        uint64_t ticket;
        memcpy(&ticket, held.p + at, sizeof ticket);
        port->acknowledge(port->context, ticket);
    }
    buf_clear(&bridge->tickets[side]);
}

static size_t always_room(void *context)
{
    (void)context;
    return 1;
}

static enum err publish_nowhere(void *context, const struct post *post)
{
    (void)context;
    (void)post;
    return ERR_INVALID;
}

/* What is due at a broker that the configuration does not have any more can never be published. */
static void send_posts(struct bridge *bridge, enum side side)
{
    static const struct port_broker nobody = {.room = always_room, .publish = publish_nowhere};
    uint64_t refused;
    struct outbox *outbox = &bridge->outboxes[side];
    const struct port_broker *broker =
        inside_has_broker(bridge, side) ? &bridge->options.brokers[side] : &nobody;
    while (outbox_send(outbox, broker, &refused))
        bridge_on_delivered(bridge, side, refused, ERR_INVALID);
}

void bridge_turn(struct bridge *bridge)
{
    int64_t now_ms = inside_mono_ms(bridge);
    struct record *record;
    while ((record = schedule_expired(&bridge->schedule, now_ms)) != NULL)
        ending_by_time(bridge, record, RECORD_EXPIRE, now_ms);
    taking_unpark(bridge);
    /* Without room a journal may have failed: only a commit tells. */
    bool must_commit = bridge->is_stopping || taking_parked(bridge) > 0;
    if (!ledger_commit(&bridge->ledger, now_ms, inside_wall_ms(bridge), must_commit))
        return; /* nothing leaves that is not durable */
    for (enum side side = 0; side < SIDE_COUNT; side++)
        release_acknowledgements(bridge, side);
    for (enum side side = 0; side < SIDE_COUNT; side++)
        send_posts(bridge, side);
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
    books.held_back = taking_parked(bridge);
    books.notices_waiting = bridge->open_notices;
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
    return taking_parked(bridge) > 0 || !taking_has_room(bridge, SIDE_LOCAL);
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
    return is_done && !calling_is_any(bridge) && !bridge_owes(bridge, SIDE_LOCAL) &&
           !bridge_owes(bridge, SIDE_UPSTREAM);
}

bool bridge_owes(const struct bridge *bridge, enum side side)
{
    return !outbox_is_empty(&bridge->outboxes[side]);
}

bool bridge_is_broken(const struct bridge *bridge, const char **ret_why)
{
    *ret_why = bridge->ledger.why.text;
    return bridge->ledger.is_broken;
}
