/* <root>/events/jobs/<job>, <root>/status and <root>/status/<index>. */
#ifndef TOPICS_EVENT_TOPIC_H
#define TOPICS_EVENT_TOPIC_H

#include "base/buf.h"

void event_topic_format(struct str root, struct str job, struct buf *out);
/* Of the bridge that is alone (count at most 1), or of one of several. */
void event_topic_format_status(struct str root, unsigned index, unsigned count, struct buf *out);

#endif
