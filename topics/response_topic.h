/* Where a client wants its answer: the Response Topic of MQTT 5. */
#ifndef TOPICS_RESPONSE_TOPIC_H
#define TOPICS_RESPONSE_TOPIC_H

#include "base/str.h"

struct response_topic_rules {
    struct str root;
    struct str prefix; /* of reserved topics, "$aws" */
    struct str thing;  /* the sender; absent: an operator */
};

/* Whether a client may choose this topic for its answer: a valid name that neither starts with '$'
 * nor lies under the reserved prefix, and that lies under <root> only where it is the sender's own:
 * <root>/things/<thing>/..., but no command topic or answer. Without that a client could have the
 * bridge speak to itself, or to another client in the bridge's name. */
bool response_topic_is_valid(struct str topic, const struct response_topic_rules *rules);

#endif
