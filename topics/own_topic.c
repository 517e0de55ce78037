#include "topics/own_topic.h"

#include "topics/command_topic.h"
#include "topics/level.h"

/* The topic without the last level, where that is one of the two words of an answer. */
static struct str without_answer(struct str topic)
{
    if (str_ends(topic, STR("/accepted")) || str_ends(topic, STR("/rejected")))
        topic.n -= sizeof "/accepted" - 1;
    return topic;
}

bool own_topic_is_one(struct str topic, struct str root)
{
    struct str levels[2];
    size_t count = level_split(topic, levels, COUNT_OF(levels));
    if (count < 2 || !str_eq(levels[0], root))
        return false;
    if (str_eq_text(levels[1], "events") || str_eq_text(levels[1], "status"))
        return true;
    return command_topic_is_one(root, without_answer(topic));
}
