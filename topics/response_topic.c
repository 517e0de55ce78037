#include "topics/response_topic.h"

#include "topics/level.h"
#include "topics/own_topic.h"

static bool is_or_lies_under(struct str topic, struct str folder)
{
    return folder.n > 0 && str_starts(topic, folder) &&
           (topic.n == folder.n || topic.p[folder.n] == '/');
}

static bool is_of_thing(struct str topic, struct str thing)
{
    struct str levels[4];
    return !str_is_absent(thing) && level_split(topic, levels, COUNT_OF(levels)) > 3 &&
           str_eq_text(levels[1], "things") && str_eq(levels[2], thing);
}

bool response_topic_is_valid(struct str topic, const struct response_topic_rules *rules)
{
    if (level_check_name(topic, NULL) != ERR_NONE || topic.p[0] == '$' ||
        is_or_lies_under(topic, rules->prefix))
        return false;
    if (!is_or_lies_under(topic, rules->root))
        return true;
    return is_of_thing(topic, rules->thing) && !own_topic_is_one(topic, rules->root);
}
