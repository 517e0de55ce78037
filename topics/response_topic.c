#include "topics/response_topic.h"

#include "topics/level.h"
#include "topics/own_topic.h"

bool response_topic_is_valid(struct str topic, struct str root)
{
    return level_check_name(topic, NULL) == ERR_NONE && topic.p[0] != '$' &&
           !own_topic_is_one(topic, root);
}
