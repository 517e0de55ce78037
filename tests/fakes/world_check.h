/* What must hold in the scripted world, whatever happens in it; the test fails where it does not.
 */
#ifndef FAKES_WORLD_CHECK_H
#define FAKES_WORLD_CHECK_H

#include "tests/fakes/world.h"

/*
 * After every step:
 *   received = accepted + rejected + waiting + in_flight, each number as the world counts it;
 *   no more calls in flight than may be (world_endpoint checks that each is of another job);
 *   calls of one job in the order its commands arrived, none again after it was decided (but for a
 *   crash), and never an effect of an earlier command after one of a later;
 *   acknowledgements in order (but for repeats, which wait for their answer), only on the link of
 *   their arrival, only of what was taken in;
 *   no answer to what was not taken in, none again after it was delivered or on the same link (but
 *   for a crash, or a repeat of the command), and the same each time it is sent.
 */
void world_check_step(struct world *world);

/* The same without the books: of a bridge that is dead or broken. */
void world_check_left(struct world *world);

/* Arrivals that the bridge counts, those that it turned away included. */
uint64_t world_check_counted(const struct world *world);
/* Notices that the bridge has let go of without the journal. */
uint64_t world_check_dropped(const struct world *world);

/* At the end: nothing waits, and every command taken in has its answer delivered, exactly once
 * unless there was a crash or a repeat. */
void world_check_end(struct world *world);

#endif
