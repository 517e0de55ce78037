#include "topics/notice_topic.h"

#include "topics/identifier.h"
#include "topics/level.h"
#include "topics/refusal.h"

#define NOTIFY      STR("notify-namespace-")
#define NOTIFY_NEXT STR("notify-next-namespace-")

/* Levels of a topic that names a job, the empty one at its end included, and of one that does not.
 */
#define LEVELS_OF_JOB   7
#define LEVELS_OF_THING 5

static bool cut_prefix(struct str *level, struct str prefix)
{
    if (!str_starts(*level, prefix))
        return false;
    *level = (struct str){level->p + prefix.n, level->n - prefix.n};
    return true;
}

static bool take_apart(struct str topic, struct notice_topic *ret)
{
    struct str levels[LEVELS_OF_JOB];
    size_t count = level_split(topic, levels, LEVELS_OF_JOB);
    if (count != LEVELS_OF_THING && count != LEVELS_OF_JOB)
        return false;
    if (!str_eq_text(levels[0], "$aws") || !str_eq_text(levels[1], "things") ||
        !str_eq_text(levels[3], "jobs"))
        return false;
    bool has_job = count == LEVELS_OF_JOB;
    if (has_job && levels[count - 1].n > 0)
        return false;
    ret->thing = levels[2];
    ret->job = has_job ? levels[4] : STR_NONE;
    ret->namespace = levels[has_job ? 5 : 4];
    return cut_prefix(&ret->namespace, NOTIFY) ||
           (!has_job && cut_prefix(&ret->namespace, NOTIFY_NEXT));
}

bool notice_topic_is_reserved(struct str topic)
{
    return str_starts(topic, STR("$aws/"));
}

enum err notice_topic_parse(struct str topic, struct notice_topic *ret, struct why *why)
{
    struct notice_topic parts;
    if (!take_apart(topic, &parts))
        return refusal_set(why, "topic", topic,
                           "Member must be $aws/things/<thingName>/jobs/notify-namespace-"
                           "<namespaceId>, .../jobs/notify-next-namespace-<namespaceId> or "
                           ".../jobs/<jobId>/notify-namespace-<namespaceId>/");
    enum err err = identifier_check(IDENTIFIER_THING, parts.thing, why);
    if (err == ERR_NONE && !str_is_absent(parts.job))
        err = identifier_check(IDENTIFIER_JOB, parts.job, why);
    if (err == ERR_NONE)
        err = identifier_check(IDENTIFIER_NAMESPACE, parts.namespace, why);
    if (err == ERR_NONE)
        *ret = parts;
    return err;
}

void notice_topic_filter(enum notice_form form, struct str thing, struct str namespace,
                         struct buf *out)
{
    buf_add(out, STR("$aws/things/"));
    buf_add(out, thing);
    buf_add(out, form == NOTICE_DOCUMENTED ? STR("/jobs/+/") : STR("/jobs/"));
    buf_add(out, form == NOTICE_NOTIFY_NEXT ? NOTIFY_NEXT : NOTIFY);
    buf_add(out, namespace);
    if (form == NOTICE_DOCUMENTED)
        buf_add_byte(out, '/');
}
