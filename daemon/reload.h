/*
 * The configuration read again for a service that runs, on SIGHUP.
 *
 * All of it is taken or nothing: one mistake, one key that needs a restart, one file that does not
 * make sense, and the service goes on by what it has. What happened, and why, is logged.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/wire.h"

/* The plan to adopt once the bridge is idle; NULL where the old one stays. file: as it was asked
 * for, NULL to look for it again. */
struct plan *reload_plan(const struct wire *wire, const char *file);

/* Goes on by it. Takes the plan over. */
void reload_adopt(struct wire *wire, struct plan *plan);

#endif
