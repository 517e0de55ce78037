/*
 * Disk space kept for bad times: a file of zeros beside the database, given up when the disk is
 * full so that what was taken in can still be finished.
 */
#ifndef STORE_RESERVE_H
#define STORE_RESERVE_H

#include "base/why.h"

#include <stdbool.h>
#include <stdint.h>

struct reserve;

/* Takes <path>.reserve of that size if the disk has room; a full disk is no failure, but then
 * reserve_is_held says no. */
nodiscard enum err reserve_new(const char *path, int64_t bytes, struct reserve **ret,
                               struct why *why);
void reserve_free(struct reserve *reserve); /* the file stays */

bool reserve_is_held(const struct reserve *reserve);
void reserve_release(struct reserve *reserve); /* gives the space back to the disk */

#endif
