/*
 * Start times of scheduled jobs. Nothing watches the clock: jobs whose time has come are started
 * by the next request, whatever it asks.
 */
#ifndef LOCAL_START_H
#define LOCAL_START_H

#include "local/ask.h"

/* "2030-01-31T08:00", with a blank for the T, seconds and an offset (Z, +01:00, +0100) as one
 * likes; UTC without an offset. False for anything else. */
nodiscard bool start_parse_time(struct str text, int64_t *ret_ms);

bool start_has_due(struct ask *ask);

/* Starts what is due, a bounded number at a time. Needs a write transaction. */
nodiscard enum err start_all_due(struct ask *ask, struct why *why);

#endif
