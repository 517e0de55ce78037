#include "topics/event_topic.h"

void event_topic_format(struct str root, struct str job, struct buf *out)
{
    buf_add(out, root);
    buf_add(out, STR("/events/jobs/"));
    buf_add(out, job);
}

void event_topic_format_status(struct str root, unsigned index, unsigned count, struct buf *out)
{
    buf_add(out, root);
    buf_add(out, STR("/status"));
    if (count > 1)
        buf_format(out, "/%u", index);
}
