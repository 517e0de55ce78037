/* What no key can be checked for alone: values that do not go together, and files that are not
 * there. */
#ifndef DAEMON_CONFIG_CROSS_H
#define DAEMON_CONFIG_CROSS_H

#include "daemon/config.h"
#include "daemon/config_key.h"
#include "daemon/mistakes.h"

/* lines[config_key_index(key)] is where the key stands; 0: it is not in the file. */
void config_cross_check(const struct config *config, const size_t lines[CONFIG_KEY_COUNT],
                        struct mistakes *mistakes);

#endif
