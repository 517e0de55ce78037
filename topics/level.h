/* Rules that hold for any topic name, and the splitting into levels. */
#ifndef TOPICS_LEVEL_H
#define TOPICS_LEVEL_H

#include "base/str.h"
#include "base/why.h"

/* A topic name to publish to: 1..256 bytes, at most 7 slashes, valid UTF-8, no wildcard (+ #), no
 * NUL, and neither control characters nor noncharacters, which MQTT 5 (1.5.4) lets a receiver
 * treat as malformed. ERR_INVALID with the rule and the value in why. */
nodiscard enum err level_check_name(struct str topic, struct why *why);

/* The root of all topics: one level of [a-zA-Z0-9_.:-]{1,64}, so it cannot start with '$'. */
nodiscard enum err level_check_root(struct str root, struct why *why);

/* The levels of topic, empty ones included. At most max are stored; all are counted. */
size_t level_split(struct str topic, struct str *ret, size_t max);

#endif
