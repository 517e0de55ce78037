/* What must hold in the scripted world, whatever happens in it; the test fails where it does not.
 */
#ifndef FAKES_WORLD_CHECK_H
#define FAKES_WORLD_CHECK_H

#include "tests/fakes/world.h"

/*
 * After every step:
 *   received = accepted + rejected + waiting + in_flight, each number as the world counts it;
 *   no more calls in flight than may be (world_endpoint checks that each is of another job);
 *   calls of one job in the order its commands arrived, none again after it was decided;
 *   acknowledgements in order, only on the link of their arrival, only of what was taken in;
 *   no answer to what was not taken in, none again after it was delivered or on the same link, and
 *   the same each time it is sent.
 */
void world_check_step(struct world *world);

/* At the end: nothing waits, and every command taken in has one answer delivered exactly once. */
void world_check_end(struct world *world);

#endif
