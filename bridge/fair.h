/*
 * Whose turn it is: deficit round robin over parties, with a quantum of one call. Every thing is a
 * party, and all commands without a thing (operators) are one more. A call costs one, however many
 * commands share it, so no deficit is ever carried over.
 *
 * A party's turn goes to a ready lane in which a command of its waits, each of its lanes in turn.
 * If other parties' commands stand before its own there, they are what is called: so nobody's
 * single command waits until a crowd before it has had turns enough. A party whose lanes are all
 * busy when its turn comes is owed that turn: it comes first as soon as one of them is ready.
 *
 *   claim   a party's interest in a lane: it has undecided commands there
 *   queued  the claim is in its party's list, and the party in the ring
 *   owed    it is in its lane's list
 * A claim with nothing to wait for (all its commands are in a call) is neither. A ready lane with
 * waiting commands always has a queued claim.
 */
#ifndef BRIDGE_FAIR_H
#define BRIDGE_FAIR_H

#include "base/map.h"
#include "bridge/lane.h"

struct fair {
    struct map parties; /* by thing; operators are "" */
    struct map claims;  /* by party and lane */
    struct list ring;   /* parties; the first has the next turn */
    struct party *operators;
    unsigned reserve_percent; /* of the calls, for operators while any of their commands wait */
    unsigned credit;          /* percent of a call that operators have saved up */
};

void fair_init(struct fair *fair, unsigned reserve_percent);
void fair_fini(struct fair *fair); /* the records are the lanes' */

/* A waiting record has come to the end of its lane. ERR_NO_MEMORY: as if it had not. */
nodiscard enum err fair_enter(struct fair *fair, struct record *record);
/* The record is in a call, or decided; and it waits again after a call. */
void fair_end_wait(struct fair *fair, struct record *record);
void fair_begin_wait(struct fair *fair, struct record *record);
/* It is decided, and was not waiting. The record is not in its lane any more. */
void fair_leave(struct fair *fair, struct record *record);

/* The lane has become ready. */
void fair_ready(struct fair *fair, struct lane *lane);

/* The lane to call now, or NULL if none is ready. It counts as called. */
struct lane *fair_turn(struct fair *fair);

size_t fair_waiting(const struct fair *fair, struct str thing); /* commands of it */

#endif
