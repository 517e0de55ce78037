/*
 * The folder that the configuration's `state` names, taken for one process: two bridges on one
 * journal would answer each other's commands.
 */
#ifndef DAEMON_STATE_FOLDER_H
#define DAEMON_STATE_FOLDER_H

#include "base/why.h"

#define STATE_FOLDER_PATIENCE_MS 1000

/* Creates the folder (0700) if it is missing and locks it until the descriptor is closed or the
 * process ends. ERR_EXISTS: another process has it, and kept it for STATE_FOLDER_PATIENCE_MS: one
 * that was killed a moment ago may still be on its way out. */
nodiscard enum err state_folder_take(const char *path, int *ret_fd, struct why *why);

#endif
