#include "bridge/spoken.h"

#include "base/chance.h"

#include <stdlib.h>

struct spoken *spoken_new(void)
{
    struct spoken *spoken = calloc(1, sizeof *spoken);
    if (spoken != NULL)
        chance_fill(&spoken->secret, sizeof spoken->secret);
    return spoken;
}

void spoken_free(struct spoken *spoken)
{
    free(spoken);
}

static uint64_t hash_of(const struct spoken *spoken, struct str topic, struct str payload)
{
    const uint64_t parts[] = {siphash_of(&spoken->secret, topic),
                              siphash_of(&spoken->secret, payload)};
    uint64_t hash = siphash_of(&spoken->secret, (struct str){(const char *)parts, sizeof parts});
    return hash != 0 ? hash : 1;
}

void spoken_note(struct spoken *spoken, struct str topic, struct str payload)
{
    uint64_t hash = hash_of(spoken, topic, payload);
    spoken->hashes[hash % LIMITS_SPOKEN] = hash;
}

bool spoken_is_one(const struct spoken *spoken, struct str topic, struct str payload)
{
    uint64_t hash = hash_of(spoken, topic, payload);
    return spoken->hashes[hash % LIMITS_SPOKEN] == hash;
}
