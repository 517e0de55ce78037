/*
 * Gathers what the loop thread knows into wire->facts, and publishes it for the admin thread. Once
 * a turn, at its end: by then what the books say is in the journal.
 */
#ifndef DAEMON_SURVEY_H
#define DAEMON_SURVEY_H

#include "daemon/wire.h"

void survey_turn(struct wire *wire);

/* Before the core is taken down: the next one counts on from what it has counted. */
/* What is shown of the plan. Once for each. */
void survey_plan(struct wire *wire);
void survey_core(struct wire *wire);

#endif
