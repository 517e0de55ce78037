/* The service itself: builds everything, turns until a signal asks it to stop, stops cleanly.
 * SIGHUP reloads the configuration. */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include "daemon/config.h"

/* The process's exit code: 0 after a clean stop, 1 when it could not start. Takes the config over;
 * file is where it was asked to be read from, as for config_file_find. */
int loop_run(struct config *config, const char *file);

#endif
