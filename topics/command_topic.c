#include "topics/command_topic.h"

#include "base/limits.h"
#include "topics/identifier.h"
#include "topics/level.h"
#include "topics/refusal.h"

#define NAMESPACE_WORD STR("namespace-")
#define ANSWER_BYTES   (sizeof "/accepted" - 1) /* and those of "/rejected" */
#define LEVELS_MAX     7

/* Takes the topic apart as the filters see it: the namespace is the whole level yet. */
static bool take_apart(struct str root, struct str topic, struct command_topic *ret)
{
    struct str levels[LEVELS_MAX];
    size_t count = level_split(topic, levels, LEVELS_MAX);
    if (count < 4 || !str_eq(levels[0], root))
        return false;
    bool has_thing = str_eq_text(levels[1], "things");
    size_t at = has_thing ? 3 : 1;
    bool has_namespace = count == at + 4;
    if (!has_namespace && count != at + 3)
        return false;
    if (!str_eq_text(levels[at], "jobs") || !str_eq_text(levels[count - 1], "update"))
        return false;
    ret->thing = has_thing ? levels[2] : STR_NONE;
    ret->job = levels[at + 1];
    ret->namespace = has_namespace ? levels[at + 2] : STR_NONE;
    return true;
}

bool command_topic_is_one(struct str root, struct str topic)
{
    struct command_topic any;
    return take_apart(root, topic, &any);
}

struct str command_topic_job_level(struct str topic)
{
    struct command_topic parts;
    struct str rest = topic;
    return take_apart(str_cut(&rest, '/'), topic, &parts) ? parts.job : topic;
}

static enum err check_answer(struct str topic, struct why *why)
{
    if (topic.n + ANSWER_BYTES > LIMITS_TOPIC_BYTES)
        return refusal_set(why, "topic", topic,
                           "Member must have length less than or equal to %zu, so that its answer "
                           "topic has at most %d",
                           LIMITS_TOPIC_BYTES - ANSWER_BYTES, LIMITS_TOPIC_BYTES);
    if (level_split(topic, NULL, 0) > LIMITS_TOPIC_SLASHES)
        return refusal_set(why, "topic", topic,
                           "Member must have at most %d slashes, so that its answer topic has at "
                           "most %d",
                           LIMITS_TOPIC_SLASHES - 1, LIMITS_TOPIC_SLASHES);
    return ERR_NONE;
}

static enum err take_namespace(struct str *level, struct why *why)
{
    if (!str_starts(*level, NAMESPACE_WORD))
        return refusal_set(why, "namespaceId", *level, "Member must be namespace-<namespaceId>");
    level->p += NAMESPACE_WORD.n;
    level->n -= NAMESPACE_WORD.n;
    return identifier_check(IDENTIFIER_NAMESPACE, *level, why);
}

static enum err check_identifiers(struct command_topic *parts, struct why *why)
{
    enum err err = ERR_NONE;
    if (!str_is_absent(parts->thing))
        err = identifier_check(IDENTIFIER_THING, parts->thing, why);
    if (err == ERR_NONE)
        err = identifier_check(IDENTIFIER_JOB, parts->job, why);
    if (err == ERR_NONE && !str_is_absent(parts->namespace))
        err = take_namespace(&parts->namespace, why);
    return err;
}

enum err command_topic_parse(struct str root, struct str topic, struct command_topic *ret,
                             struct why *why)
{
    enum err err = level_check_name(topic, why);
    if (err == ERR_NONE)
        err = check_answer(topic, why);
    if (err != ERR_NONE)
        return err;
    struct command_topic parts;
    if (!take_apart(root, topic, &parts))
        return refusal_set(why, "topic", topic,
                           "Member must be %.*s[/things/<thingName>]/jobs/<jobId>"
                           "[/namespace-<namespaceId>]/update",
                           STR_ARG(root));
    err = check_identifiers(&parts, why);
    if (err == ERR_NONE)
        *ret = parts;
    return err;
}

void command_topic_format(struct str root, const struct command_topic *topic, struct buf *out)
{
    buf_add(out, root);
    if (!str_is_absent(topic->thing)) {
        buf_add(out, STR("/things/"));
        buf_add(out, topic->thing);
    }
    buf_add(out, STR("/jobs/"));
    buf_add(out, topic->job);
    if (!str_is_absent(topic->namespace)) {
        buf_add_byte(out, '/');
        buf_add(out, NAMESPACE_WORD);
        buf_add(out, topic->namespace);
    }
    buf_add(out, STR("/update"));
}

void command_topic_filter(struct str root, int index, struct buf *out)
{
    static const char *const tails[COMMAND_TOPIC_FILTERS] = {
        "/things/+/jobs/+/update",
        "/things/+/jobs/+/+/update",
        "/jobs/+/update",
        "/jobs/+/+/update",
    };
    buf_add(out, root);
    buf_add_text(out, tails[index]);
}
