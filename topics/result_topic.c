#include "topics/result_topic.h"

void result_topic_format(struct str command_topic, bool is_accepted, struct buf *out)
{
    buf_add(out, command_topic);
    buf_add_text(out, is_accepted ? "/accepted" : "/rejected");
}
