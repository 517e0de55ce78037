/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012), the reduced-round variant used for hash tables: with
 * a secret key nobody can choose inputs that collide.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/str.h"

struct siphash_key {
    uint64_t half[2];
};

uint64_t siphash_of(const struct siphash_key *key, struct str bytes);

#endif
