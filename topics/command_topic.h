/* The topics that commands arrive on. */
#ifndef TOPICS_COMMAND_TOPIC_H
#define TOPICS_COMMAND_TOPIC_H

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"

/* Views into the topic that was parsed. */
struct command_topic {
    struct str thing; /* absent: an operator or a dashboard */
    struct str job;
    struct str namespace; /* absent: none in the topic */
};

/* ERR_INVALID with the name of the level at fault (thingName, jobId, namespaceId, or topic for the
 * whole) as field, the rule and the value in why. Also refused: a topic whose answer would be
 * longer or deeper than a topic may be. */
nodiscard enum err command_topic_parse(struct str root, struct str topic, struct command_topic *ret,
                                       struct why *why);
void command_topic_format(struct str root, const struct command_topic *topic, struct buf *out);

/* The filters that together match every command topic, well formed or not, and none of the
 * bridge's answers. */
#define COMMAND_TOPIC_FILTERS 4
void command_topic_filter(struct str root, int index, struct buf *out);

/* Whether one of the filters matches. */
bool command_topic_is_one(struct str root, struct str topic);

/* The level where the job stands, well formed or not, below any root. Where none of the filters
 * matches: the whole topic. */
struct str command_topic_job_level(struct str topic);

#endif
