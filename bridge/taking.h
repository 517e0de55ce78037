/*
 * From an arrival to a record that waits: checked, recognised as a repeat or not, journaled; parked
 * where there is no room, passed by where the job is another bridge's. And the same again from the
 * journal, after a restart: what it holds is finished here, whosever the job is by now.
 */
#ifndef BRIDGE_TAKING_H
#define BRIDGE_TAKING_H

#include "bridge/inside.h"

void taking_arrival(struct bridge *bridge, const struct arrival *arrival);
/* Lets its PUBACK go, with the others of this turn; ticket 0: it has none. */
void taking_release(struct bridge *bridge, enum side from, uint64_t ack_ticket);
void taking_unpark(struct bridge *bridge); /* as many of the parked as there is room for */
bool taking_has_room(const struct bridge *bridge, enum side from);
size_t taking_parked(const struct bridge *bridge); /* arrivals, of all brokers */

nodiscard enum err taking_recover(struct bridge *bridge, struct why *why);

#endif
