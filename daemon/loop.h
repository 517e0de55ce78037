/* The service itself: builds everything, turns until a signal asks it to stop, stops cleanly. */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include "daemon/config.h"

/* The process's exit code: 0 after a clean stop, 1 when it could not start. */
int loop_run(const struct config *config);

#endif
