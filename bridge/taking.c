#include "bridge/taking.h"

#include "base/log.h"
#include "bridge/ending.h"
#include "bridge/intake.h"
#include "bridge/relay.h"
#include "bridge/report.h"
#include "topics/command_topic.h"
#include "topics/notice_topic.h"

/* Puts the record where it waits for its call. */
static enum err enter(struct bridge *bridge, struct record *record)
{
    enum err err = known_enter(&bridge->known, record);
    if (err != ERR_NONE)
        return err;
    err = schedule_add(&bridge->schedule, record, ending_deadline_ms(bridge, record));
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
        ending_at_once(bridge, record, code, why);
    else if (enter(bridge, record) != ERR_NONE)
        return false;
    bridge->next_seq++;
    bridge->books.received++;
    bridge->books.best_effort += record->qos == 0;
    return true;
}

static bool has_same_address(const struct record *record, const struct journal_entry *known)
{
    return record->from == known->from && str_eq(record->response_topic, known->response_topic) &&
           str_eq(record->correlation, known->correlation);
}

/* Nothing was applied, and the sender was told to try later: now it does. */
static bool invites_again(const struct ending *ending)
{
    return ending->code == REJECT_REQUEST_THROTTLED || ending->code == REJECT_SERVICE_UNAVAILABLE;
}

void taking_release(struct bridge *bridge, enum side from, uint64_t ack_ticket)
{
    struct buf *tickets = &bridge->tickets[from];
    if (ack_ticket == 0)
        return;
    buf_add(tickets, (struct str){(const char *)&ack_ticket, sizeof ack_ticket});
    if (buf_err(tickets) != ERR_NONE)
        log_say(LOG_ERROR, "bridge",
                "an acknowledgement could not be kept; the broker will send "
                "that command again after the next reconnect");
}

/* Whether the record repeats a command that the journal knows; then it has been dealt with. An
 * answer that is to come serves it too, or it follows there if it wants its own elsewhere; one that
 * was given is given again. */
static bool is_repeated(struct bridge *bridge, struct record *record, const struct arrival *arrival,
                        int64_t wall_ms)
{
    struct journal_entry known;
    if (ledger_find(&bridge->ledger, record, arrival, wall_ms, &known) != ERR_NONE)
        return false;
    if (known.state == JOURNAL_FINISHED && invites_again(&known.ending) && !arrival->is_duplicate)
        return false;
    bool is_served = known.state != JOURNAL_FINISHED && has_same_address(record, &known);
    if (known.state == JOURNAL_OPEN && !is_served) {
        record->seq = bridge->next_seq++;
        bridge->books.received++;
        followers_add(&bridge->followers, record, known.seq);
        ledger_take(&bridge->ledger, record, arrival, wall_ms);
        taking_release(bridge, arrival->from, arrival->ack_ticket);
        return true;
    }
    bridge->books.repeated++;
    if (is_served) {
        record_free(record);
        taking_release(bridge, arrival->from, arrival->ack_ticket);
        return true;
    }
    record->is_repeat = true;
    record->ack_ticket = arrival->ack_ticket;
    record->ack_link = bridge->links[arrival->from];
    record_recall(record, &known.ending);
    report_decision(record);
    ending_post(bridge, record);
    return true;
}

static void say_not_taken(void)
{
    log_say(LOG_ERROR, "bridge", "out of memory: a message was not taken in and not acknowledged");
}

static void take_command(struct bridge *bridge, const struct arrival *arrival)
{
    const struct intake_options intake = {&bridge->options.outcome, bridge->options.policy,
                                          &bridge->known};
    struct why why = {0};
    enum reject code;
    int64_t wall_ms = inside_wall_ms(bridge);
    struct record *record =
        intake_read(&intake, arrival, wall_ms, inside_mono_ms(bridge), &code, &why);
    if (record != NULL)
        record->arrived_us = inside_mono_us(bridge);
    if (record != NULL && is_repeated(bridge, record, arrival, wall_ms))
        return;
    if (record != NULL && code == REJECT_NONE && arrival->from == SIDE_UPSTREAM &&
        !bridge->options.takes_upstream_commands) {
        code = REJECT_FORBIDDEN;
        why_set(&why, ERR_REFUSED, NULL, "commands are not taken from the upstream broker");
    }
    if (record == NULL || !take_in(bridge, record, code, &why)) {
        record_free(record);
        say_not_taken();
        return;
    }
    ledger_take(&bridge->ledger, record, arrival, wall_ms);
    taking_release(bridge, arrival->from, arrival->ack_ticket);
}

/* Whatever is no notice: a session may still bring what an earlier configuration subscribed to, and
 * its sender wants an answer. */
static bool is_command(const struct arrival *arrival)
{
    return arrival->from == SIDE_LOCAL || !notice_topic_is_reserved(arrival->topic);
}

static void take(struct bridge *bridge, const struct arrival *arrival)
{
    if (is_command(arrival))
        take_command(bridge, arrival);
    else if (relay_take(bridge, arrival))
        taking_release(bridge, arrival->from, arrival->ack_ticket);
    else
        say_not_taken();
}

bool taking_has_room(const struct bridge *bridge, enum side from)
{
    size_t undecided =
        bridge->schedule.waiting + bridge->schedule.in_flight + bridge->followers.count;
    bool is_backed_up = from == SIDE_UPSTREAM && (bridge->open_notices >= LIMITS_NOTICES ||
                                                  bridge->open_notice_bytes >= LIMITS_NOTICE_BYTES);
    return undecided < LIMITS_WAITING && !is_backed_up && ledger_has_room(&bridge->ledger);
}

size_t taking_parked(const struct bridge *bridge)
{
    size_t count = 0;
    for (enum side side = 0; side < SIDE_COUNT; side++)
        count += bridge->parkings[side].count;
    return count;
}

/* What says whose it is. A topic that is refused has a job level, too, so that one bridge alone
 * refuses it. The notices of a thing are one bridge's, for their order, but for those that name a
 * job: that job's bridge knows what it has said itself. */
static struct str key_of(const struct arrival *arrival)
{
    struct notice_topic notice = {0};
    if (is_command(arrival))
        return command_topic_job_level(arrival->topic);
    if (notice_topic_parse(arrival->topic, &notice, NULL) != ERR_NONE)
        return arrival->topic;
    return str_is_absent(notice.job) ? notice.thing : notice.job;
}

static bool is_own(const struct bridge *bridge, const struct arrival *arrival)
{
    const struct partition *partition = &bridge->options.partition;
    return partition->count <= 1 || partition_owns(partition, key_of(arrival));
}

/* The bridge whose job it is answers it. */
static void pass_by(struct bridge *bridge, const struct arrival *arrival)
{
    bridge->books.elsewhere++;
    taking_release(bridge, arrival->from, arrival->ack_ticket);
}

/* At QoS 0 there is no acknowledgement to hold back: the sender is told. Not worth a place in the
 * journal, which may be what is full. */
static void turn_away(struct bridge *bridge, const struct arrival *arrival)
{
    const struct intake_options intake = {.outcome = &bridge->options.outcome};
    struct why why = {0};
    enum reject code;
    struct record *record =
        intake_read(&intake, arrival, inside_wall_ms(bridge), inside_mono_ms(bridge), &code, &why);
    if (record == NULL)
        return; /* best effort, and said to be */
    why_set(&why, ERR_FULL, NULL, "there is no room for more commands now; send it again later");
    bridge->books.turned_away++;
    ending_at_once(bridge, record, REJECT_REQUEST_THROTTLED, &why);
}

static void park(struct bridge *bridge, const struct arrival *arrival)
{
    struct parking *parking = &bridge->parkings[arrival->from];
    if (parking->count == 0)
        log_say(LOG_WARN, "full", "messages are left with the broker until there is room");
    bool was_full = parking->has_overflowed;
    if (parking_add(parking, arrival) != ERR_NONE && !was_full)
        log_say(LOG_ERROR, "full",
                "a message is left with the broker, which will send it again "
                "after the next reconnect");
}

void taking_arrival(struct bridge *bridge, const struct arrival *arrival)
{
    if (bridge->is_stopping || bridge->ledger.is_broken)
        return; /* not acknowledged, so the broker keeps it */
    bool has_parked = bridge->parkings[arrival->from].count > 0;
    bool must_wait = has_parked && arrival->qos > 0; /* acknowledged in order */
    if (!is_own(bridge, arrival) && !must_wait)
        pass_by(bridge, arrival);
    else if (!has_parked && taking_has_room(bridge, arrival->from))
        take(bridge, arrival);
    else if (arrival->qos == 0 && is_command(arrival))
        turn_away(bridge, arrival);
    else if (arrival->qos == 0)
        bridge->books.turned_away++; /* nobody to tell */
    else
        park(bridge, arrival);
}

static void unpark(struct bridge *bridge, enum side side)
{
    struct parking *parking = &bridge->parkings[side];
    const struct arrival *arrival;
    while ((arrival = parking_first(parking)) != NULL) {
        if (!is_own(bridge, arrival))
            pass_by(bridge, arrival);
        else if (taking_has_room(bridge, side))
            take(bridge, arrival);
        else
            return;
        parking_drop_first(parking);
    }
}

void taking_unpark(struct bridge *bridge)
{
    for (enum side side = 0; side < SIDE_COUNT && !bridge->is_stopping; side++)
        unpark(bridge, side);
}

/* Puts a decided command's answer and events back into the outbox. */
static void recall(struct bridge *bridge, struct record *record, const struct ending *ending)
{
    record_recall(record, ending);
    ending_post(bridge, record);
}

/* The clocks are read once: commands that shared a call have to share it again, and what may share
 * depends on whose time ends first. */
struct recovery {
    struct bridge *bridge;
    int64_t wall_ms;
    int64_t mono_ms;
    int64_t arrived_ms; /* of the one before: none arrived earlier, whatever the wall clock said */
};

static int64_t arrival_ms(struct recovery *recovery, const struct journal_entry *entry)
{
    int64_t age_ms = recovery->wall_ms - entry->arrived_at_ms;
    int64_t arrived_ms = recovery->mono_ms - (age_ms > 0 ? age_ms : 0);
    if (arrived_ms > recovery->arrived_ms)
        recovery->arrived_ms = arrived_ms;
    return recovery->arrived_ms;
}

/* Its topic was a command topic then, whatever the root is now: a root is one level. */
static struct outcome_options as_it_arrived(const struct bridge *bridge,
                                            const struct journal_entry *entry)
{
    struct outcome_options options = bridge->options.outcome;
    struct str topic = entry->topic;
    options.root = str_cut(&topic, '/');
    return options;
}

/* Checked as on the day it arrived, so it ends the same. The policy allowed it then, and is not
 * asked again: it may be another today, and the call may have been made already. */
static enum err recover_one(void *context, const struct journal_entry *entry)
{
    struct recovery *recovery = context;
    struct bridge *bridge = recovery->bridge;
    struct arrival arrival = ledger_arrival(entry);
    if (entry->is_notice)
        return relay_recover(bridge, entry->seq, &arrival);
    const struct outcome_options outcome = as_it_arrived(bridge, entry);
    const struct intake_options intake = {.outcome = &outcome};
    struct why why = {0};
    enum reject code;
    struct record *record = intake_read(&intake, &arrival, entry->arrived_at_ms,
                                        arrival_ms(recovery, entry), &code, &why);
    if (record == NULL)
        return ERR_NO_MEMORY;
    record->seq = entry->seq;
    record->arrived_us = record->arrived_ms * 1000;
    record->last_fault = FAULT_TRANSPORT; /* what kept it waiting so far: the bridge was down */
    record->may_be_applied = true;        /* a call may have been under way */
    if (entry->state == JOURNAL_DECIDED) {
        recall(bridge, record, &entry->ending);
    } else if (code != REJECT_NONE) {
        ending_at_once(bridge, record, code, &why);
        ledger_decide(&bridge->ledger, record);
    } else if (enter(bridge, record) != ERR_NONE) {
        record_free(record);
        return ERR_NO_MEMORY;
    }
    return ERR_NONE;
}

enum err taking_recover(struct bridge *bridge, struct why *why)
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
    if (err != ERR_NONE)
        return err;
    struct recovery recovery = {
        .bridge = bridge,
        .wall_ms = inside_wall_ms(bridge),
        .mono_ms = inside_mono_ms(bridge),
        .arrived_ms = INT64_MIN,
    };
    return journal->each(journal->context, recover_one, &recovery, why);
}
