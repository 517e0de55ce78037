/*
 * Reads the policy file: YAML, a list of rules. What its keys mean to the user is said in
 * docs/INTERFACES.md and in packaging/policy.
 *
 * As strict as daemon/config_file.h: all mistakes are collected, those between rules
 * (daemon/policy_check.h) included, with the line of each.
 */
#ifndef DAEMON_POLICY_FILE_H
#define DAEMON_POLICY_FILE_H

#include "bridge/policy.h"
#include "daemon/mistakes.h"

#define POLICY_FILE_NAME_MAX 64 /* bytes of a rule's name */

/* On ERR_INVALID the mistakes say why. */
nodiscard enum err policy_file_load(const char *file, struct policy **ret,
                                    struct mistakes *mistakes);

#endif
