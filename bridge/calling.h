/* Calls: started, and what becomes of their commands when the reply is there. */
#ifndef BRIDGE_CALLING_H
#define BRIDGE_CALLING_H

#include "bridge/inside.h"

/* Starts the call of what schedule_start gave. */
void calling_start(struct bridge *bridge, struct record *first);
void calling_reply(struct bridge *bridge, const struct reply *reply);

bool calling_is_any(const struct bridge *bridge); /* a reply is still to come */
void calling_abandon(struct bridge *bridge);      /* see bridge_abandon */

#endif
