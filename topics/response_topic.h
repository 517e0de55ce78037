/* Where a client wants its answer: the Response Topic of MQTT 5. */
#ifndef TOPICS_RESPONSE_TOPIC_H
#define TOPICS_RESPONSE_TOPIC_H

#include "base/str.h"

/* Whether a client may choose this topic for its answer (MQTT 5 Response Topic): a valid name that
 * does not start with '$' and is none of the bridge's own. Without that a client could have the
 * bridge speak to itself, or to another client in the bridge's name. */
bool response_topic_is_valid(struct str topic, struct str root);

#endif
