/*
 * The bridge's ports to broker, endpoint and journal, watched: the test fails at the very moment
 * something leaves the bridge that is not durable.
 *
 *   an acknowledgement, before its command is committed;
 *   an answer, before it is committed how the command ended;
 *   a call, before its command is committed, and that the last call for that job was done.
 *
 * And the process can die before any single thing that it does through them: world->dies_in.
 */
#ifndef FAKES_WORLD_LEAVE_H
#define FAKES_WORLD_LEAVE_H

#include "tests/fakes/world.h"

struct port_broker world_leave_broker(struct world *world, enum side side);
struct port_endpoint world_leave_endpoint(struct world *world);
struct port_journal world_leave_journal(struct world *world);

#endif
