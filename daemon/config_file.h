/*
 * Reads the configuration file: YAML, one mapping of sections, every key in daemon/config_key.h.
 *
 * Strict: an unknown key, a key written twice, a value of the wrong kind or out of its range, or
 * values that do not go together are mistakes; all of them are collected, none ends the reading
 * early except broken YAML.
 */
#ifndef DAEMON_CONFIG_FILE_H
#define DAEMON_CONFIG_FILE_H

#include "daemon/config.h"
#include "daemon/mistakes.h"

#define CONFIG_FILE_DEFAULT "/etc/jobs-bridge/jobs-bridge.yaml"

/* The file to read: the one asked for, else $JOBS_BRIDGE_CONFIG, else the default one if there is
 * one; NULL: none, so the built-in defaults. */
const char *config_file_find(const char *asked_for);

/* file NULL: the defaults, which are checked all the same. On ERR_INVALID the mistakes say why. */
nodiscard enum err config_file_load(const char *file, struct config **ret,
                                    struct mistakes *mistakes);

#endif
