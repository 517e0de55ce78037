/*
 * Who is called next: one lane per job, first in first out, one call at a time in each, which
 * carries as many commands as may share it; things take turns (bridge/fair.h), and at each turn one
 * call starts; calls in flight and calls per second are bounded; failed calls pause in place, and
 * all do while the endpoint is down (bridge/breaker.h); deadlines fire wherever a command waits. A
 * lane exists while its job has an undecided command.
 *
 * A call is named by the first of its commands; batch_next leads to the others.
 */
#ifndef BRIDGE_SCHEDULE_H
#define BRIDGE_SCHEDULE_H

#include "base/due.h"
#include "base/list.h"
#include "base/map.h"
#include "bridge/batch.h"
#include "bridge/breaker.h"
#include "bridge/fair.h"
#include "bridge/pace.h"

struct schedule_options {
    unsigned max_in_flight;
    double rate_per_second; /* 0: no limit */
    unsigned burst;
    bool coalesces;             /* several commands may share a call */
    unsigned reserve_percent;   /* of the calls, for commands without a thing */
    unsigned waiting_per_thing; /* commands; 0: no limit of its own */
    struct port_chance chance;
};

struct schedule {
    struct schedule_options options;
    struct pace pace;
    struct breaker breaker;
    struct fair fair;
    struct map lanes;     /* by job */
    size_t ready;         /* lanes */
    struct due pauses;    /* lanes */
    struct due deadlines; /* records */
    size_t waiting;       /* records undecided and not in a call */
    size_t in_flight;     /* records in a call */
    size_t open_calls;
    bool is_stopped; /* no new calls */
};

void schedule_init(struct schedule *schedule, const struct schedule_options *options,
                   int64_t now_ms);
void schedule_fini(struct schedule *schedule); /* frees the records that are still in it */

/* Takes a waiting record; deadline_ms as below. ERR_NO_MEMORY leaves it with the caller. */
nodiscard enum err schedule_add(struct schedule *schedule, struct record *record,
                                int64_t deadline_ms);

/* Whether as many commands of the record's thing wait as may. */
bool schedule_is_crowded(const struct schedule *schedule, const struct record *record);

/* The next call, its records moved to RECORD_CALLING, or NULL: nothing is ready, or a bound is
 * reached. */
struct record *schedule_start(struct schedule *schedule, int64_t now_ms);

/* What the reply to a call says about calls to come. Returns when its commands may be called again,
 * where the reply says that the call failed in a way that passes. */
int64_t schedule_judge(struct schedule *schedule, const struct record *first,
                       const struct reply *reply, int64_t now_ms);

/* The call ended in a way that passes: moved to RECORD_PAUSING until until_ms. */
void schedule_pause(struct schedule *schedule, struct record *first, int64_t until_ms);

/* The call was refused for what one of its commands says: moved to RECORD_WAITING, to be called in
 * parts. */
void schedule_split(struct schedule *schedule, struct record *first);

/* Takes a record out, its event deciding it (RECORD_ACCEPT, RECORD_REFUSE or RECORD_EXPIRE). */
void schedule_settle(struct schedule *schedule, struct record *record, enum record_event event);

/* What kept an undecided record waiting: the fault of its own last failed call, or of a command
 * before it in its lane; FAULT_OK: none. */
enum fault schedule_last_fault(const struct record *record);

/* A record whose deadline has passed and that is not in a call, or NULL. It stays in the schedule
 * until it is settled. One in a call is skipped: its call decides it, or its pause ends it. */
struct record *schedule_expired(struct schedule *schedule, int64_t now_ms);

/* Visits every undecided record; visit may settle the one it is given. */
typedef void schedule_visit_fn(void *context, struct record *record);
void schedule_each(struct schedule *schedule, schedule_visit_fn *visit, void *context);

/* When schedule_start or schedule_expired may next have something; DUE_NEVER: not by time alone. */
int64_t schedule_due_ms(const struct schedule *schedule, int64_t now_ms);

#endif
