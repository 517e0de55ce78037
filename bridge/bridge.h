/*
 * The bridge: commands in, UpdateJob calls out, answers and events back. Pure of any library; time,
 * randomness, broker and endpoint are ports, so whole scenarios run under a fake clock.
 *
 * One thread. What happens is told by the bridge_on_ functions, which only take note; bridge_turn
 * then makes it durable, and only then lets it leave, in this order: acknowledgements of what was
 * taken in, answers and events, new calls.
 *
 *   taking, intake, parking    from an arrival to a record that waits
 *   partition                  which jobs are another bridge's
 *   relay, spoken              from an upstream broker's notice to events
 *   ledger                     the journal's side: repeats, one commit a turn
 *   policy, glob, known        who may change what, and what is known of a job
 *   schedule, lane, fair       who is called next
 *   batch, pace, bucket        which commands share a call, and how fast calls leave
 *   breaker, backoff           calls to an endpoint that is down, pauses before another attempt
 *   calling                    calls and their replies
 *   ending, followers          from a decision to the outbox
 *   outcome, outbox            what is published, until the broker has it
 *   record, report, inside     a command's life, its log lines, what these files share
 *
 * The books: received = accepted + rejected + waiting + in_flight, at every moment.
 */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include "base/histogram.h"
#include "bridge/outcome.h"
#include "bridge/partition.h"
#include "bridge/policy.h"
#include "bridge/port.h"
#include "bridge/schedule.h"

struct bridge;

/* received to in_flight add up across restarts: the journal has them. What is counted besides is
 * counted from the start of the run. */
struct bridge_books {
    uint64_t received; /* commands taken in */
    uint64_t accepted;
    uint64_t rejected;
    uint64_t waiting;
    uint64_t in_flight;
    uint64_t open_calls;  /* calls under way: each carries one or more of those in flight */
    uint64_t calls;       /* attempts started */
    uint64_t throttled;   /* of them, answered that the bridge is too fast */
    uint64_t retries;     /* of them, failed in a way that passes, and made again */
    uint64_t coalesced;   /* commands decided by a call that another one led */
    uint64_t expired;     /* commands ended by their deadline */
    uint64_t best_effort; /* commands taken in at QoS 0 */
    uint64_t turned_away; /* at QoS 0, for lack of room; not in received */
    uint64_t held_back;   /* not acknowledged yet, for lack of room; not in received */
    uint64_t elsewhere;   /* arrivals left to another bridge, whose job it is; not in received */
    uint64_t repeated;    /* arrivals answered by an earlier command's answer; not in received */
    uint64_t notices;     /* taken in from the upstream broker; no part of received */
    uint64_t notices_repeated; /* as an earlier one; not in notices */
    uint64_t notices_own;      /* events of this bridge, come back; not in notices */
    uint64_t notices_unread;   /* of notices: of no known form */
    uint64_t notices_waiting;  /* of notices: with events that are still to be published */
    uint64_t undelivered;      /* posts the broker refused for good */
    uint64_t buried;           /* commands with such posts: dead letters */
    uint64_t rejected_for[REJECT_COUNT]; /* by code */
};

/* Of commands since the start of the run. */
struct bridge_latency {
    struct histogram accepted;  /* from arrival to decision */
    struct histogram rejected;  /* likewise */
    struct histogram delivered; /* from arrival until the broker had the last of its posts */
};

/* How fast calls may leave, in calls a second; 0: no limit. */
struct bridge_speed {
    double rate;       /* now */
    double configured; /* at most */
    double tokens;     /* calls that may leave at once */
};

struct bridge_options {
    struct outcome_options outcome; /* the strings must outlive the bridge */
    struct schedule_options schedule;
    int64_t deadline_ms;         /* longest wait from arrival to answer */
    struct partition partition;  /* zeroed: this bridge is alone */
    bool verifies;               /* of a call without answer, DescribeJob tells its effect */
    const struct policy *policy; /* must outlive the bridge; NULL: everything is allowed */
    struct port_broker brokers[SIDE_COUNT];
    bool takes_upstream_commands;
    struct port_endpoint endpoint;
    struct port_journal journal; /* zeroed: none, and nothing survives a restart */
    struct port_memory memory;   /* zeroed: none; what is known of jobs is not kept */
    struct port_time time;
    struct port_chance chance;
    struct port_watch watch; /* zeroed: nobody watches */
    /* What an earlier bridge of the same run has counted, to go on from; zeroed: there was none. */
    struct bridge_books books;
    struct bridge_latency latency;
};

nodiscard enum err bridge_new(const struct bridge_options *options, struct bridge **ret);
void bridge_free(struct bridge *bridge);

/* Takes up what the journal holds: before anything else. */
nodiscard enum err bridge_recover(struct bridge *bridge, struct why *why);

void bridge_on_link(struct bridge *bridge, enum side side, bool is_up);
void bridge_on_arrival(struct bridge *bridge, const struct arrival *arrival);
void bridge_on_reply(struct bridge *bridge, const struct reply *reply);
/* ERR_NONE: the broker has the post; ERR_REFUSED: it refused it, and will again. */
void bridge_on_delivered(struct bridge *bridge, enum side side, uint64_t post_id, enum err err);

void bridge_turn(struct bridge *bridge);
int64_t bridge_due_ms(const struct bridge *bridge); /* next turn at the latest; DUE_NEVER */

struct bridge_books bridge_books(const struct bridge *bridge);
const struct bridge_latency *bridge_latency(const struct bridge *bridge);
struct bridge_speed bridge_speed(const struct bridge *bridge);
/* The class of the last call's outcome; FAULT_NONE before the first and after a good one. */
enum fault_class bridge_endpoint_state(const struct bridge *bridge);

/* Whether calls rest because the endpoint is down. */
enum breaker_state bridge_breaker(const struct bridge *bridge);

/* The journal failed: nothing leaves any more. The bridge has to be built anew from the journal. */
bool bridge_is_broken(const struct bridge *bridge, const char **ret_why);

/* No more is taken in now: as many wait as may, or the journal or the disk is full. */
bool bridge_is_full(const struct bridge *bridge);

/* The clean stop. Takes no more commands (they stay with the broker) and starts no more calls. What
 * waits stays in the journal; without one it is answered ServiceUnavailable. bridge_abandon does
 * the same to what is in a call. */
void bridge_stop(struct bridge *bridge);
void bridge_abandon(struct bridge *bridge);
bool bridge_is_idle(const struct bridge *bridge); /* no call under way, every answer delivered */
bool bridge_owes(const struct bridge *bridge, enum side side); /* something to publish there */

#endif
