/* The configuration together with the policy it names. */
#ifndef DAEMON_CONFIG_ALL_H
#define DAEMON_CONFIG_ALL_H

#include "daemon/config.h"
#include "daemon/mistakes.h"

/* Room for every mistake that is kept. */
#define CONFIG_ALL_PROBLEMS_MAX ((size_t)MISTAKES_MAX * 2 * WHY_TEXT_MAX)

/* file: as config_file_find found it; NULL for the built-in defaults. On failure problems has a
 * line for each mistake: "file:line: key: problem". */
nodiscard enum err config_all_load(const char *file, struct config **ret, struct buf *problems);

#endif
