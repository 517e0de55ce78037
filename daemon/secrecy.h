/*
 * What keeps the secrets in our memory from others of the same user: no core dumps, and nobody but
 * root may attach to the process or read its memory and environment in /proc.
 *
 * A build with sanitizers can be attached to, as its leak check needs; it writes no core file, but
 * where the kernel pipes cores to a program, that one decides.
 */
#ifndef DAEMON_SECRECY_H
#define DAEMON_SECRECY_H

#include "base/why.h"

#include <stdbool.h>

/* For the whole process, and for what it starts as far as core dumps go; before secrets are read.
 */
nodiscard enum err secrecy_begin(struct why *why);

/* Whether this build can do all of it. */
bool secrecy_is_whole(void);

#endif
