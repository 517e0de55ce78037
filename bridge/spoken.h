/*
 * What the bridge has published on the local broker lately, to know it when it comes back from the
 * upstream one: brokers can be joined behind the bridge's back. A table of hashes in which a newer
 * one takes the place of an older one; with a secret key, so that nobody can make another message
 * look like an echo.
 *
 * What it has forgotten, or what an earlier run has published, is taken in once, published once
 * more as it is, and then known again, by the journal too: no loop ever closes.
 */
#ifndef BRIDGE_SPOKEN_H
#define BRIDGE_SPOKEN_H

#include "base/limits.h"
#include "base/siphash.h"

struct spoken {
    struct siphash_key secret;
    uint64_t hashes[LIMITS_SPOKEN]; /* 0: none */
};

struct spoken *spoken_new(void); /* NULL: out of memory */
void spoken_free(struct spoken *spoken);

void spoken_note(struct spoken *spoken, struct str topic, struct str payload);
bool spoken_is_one(const struct spoken *spoken, struct str topic, struct str payload);

#endif
