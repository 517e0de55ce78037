/*
 * Notices of the upstream broker: taken in, made durable and turned into events for the local one.
 * They ask for nothing, so they are decided when they arrive. Between files of the bridge only.
 */
#ifndef BRIDGE_RELAY_H
#define BRIDGE_RELAY_H

#include "bridge/inside.h"

/* One that repeats an earlier one, is an event of this bridge, or is about no job, is dealt with;
 * one of no known form becomes a dead letter. False: out of memory, nothing has happened. */
nodiscard bool relay_take(struct bridge *bridge, const struct arrival *arrival);

/* Its events are all dealt with. */
void relay_forget(struct bridge *bridge, const struct record *record);

/* Puts one that the journal has, with events that are still to be published, into the outbox. */
nodiscard enum err relay_recover(struct bridge *bridge, uint64_t seq,
                                 const struct arrival *arrival);

#endif
