/* The topics that only the bridge speaks on. */
#ifndef TOPICS_OWN_TOPIC_H
#define TOPICS_OWN_TOPIC_H

#include "base/str.h"

/* Whether the topic is one of the bridge's own: a command topic or its answer, well formed or not,
 * <root>/status or <root>/events, or anything under these. */
bool own_topic_is_one(struct str topic, struct str root);

#endif
