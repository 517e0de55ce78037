/* <root>/events/jobs/<job> and <root>/status. */
#ifndef TOPICS_EVENT_TOPIC_H
#define TOPICS_EVENT_TOPIC_H

#include "base/buf.h"

void event_topic_format(struct str root, struct str job, struct buf *out);
void event_topic_format_status(struct str root, struct buf *out);

#endif
