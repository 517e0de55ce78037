/* Rules that hold for any topic name, and the splitting into levels. */
#ifndef TOPICS_LEVEL_H
#define TOPICS_LEVEL_H

#include "base/str.h"
#include "base/why.h"

/* A topic name to publish to: 1..256 bytes, at most 7 slashes, valid UTF-8, no wildcard (+ #), no
 * NUL, no control character. ERR_INVALID with the rule and the value in why. */
nodiscard enum err level_check_name(struct str topic, struct why *why);

/* The root of all topics: one level of [a-zA-Z0-9_.:-]{1,64} that does not start with '$'. */
nodiscard enum err level_check_root(struct str root, struct why *why);

/* Whether a client may choose this topic for its answer (MQTT 5 Response Topic): a valid name that
 * does not start with '$' and is none of the bridge's own (a command topic, <root>/status,
 * <root>/events/...). */
bool level_is_response_topic(struct str topic, struct str root);

#endif
