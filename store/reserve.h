/*
 * Disk space kept for bad times: a file of zeros beside the database, given up when the disk is
 * full so that what was taken in can still be finished.
 */
#ifndef STORE_RESERVE_H
#define STORE_RESERVE_H

#include "base/why.h"

#include <stdbool.h>
#include <stdint.h>

#define RESERVE_LOOK_MS 2000 /* how often a disk that was full is looked at again */

struct reserve;

/* The file is <path>.reserve; it is not made yet. */
nodiscard enum err reserve_new(const char *path, int64_t bytes, struct reserve **ret,
                               struct why *why);
void reserve_free(struct reserve *reserve); /* the file stays */

/* Whether the space is held. Takes it where it is not, but only from a disk that has twice as much:
 * what has just been given up must not be taken back. */
bool reserve_keep(struct reserve *reserve, int64_t mono_ms);
/* Gives the space to the disk. False: there was none to give. */
bool reserve_release(struct reserve *reserve, int64_t mono_ms);

#endif
