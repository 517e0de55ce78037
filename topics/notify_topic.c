#include "topics/notify_topic.h"

#include "base/limits.h"
#include "topics/identifier.h"
#include "topics/level.h"
#include "topics/own_topic.h"
#include "topics/refusal.h"

struct preset {
    const char *name;
    const char *template;
};

static const struct preset presets[] = {
    {"documented", "{prefix}/things/{thing}/jobs/{job}/notify-namespace-{namespace}/"},
    {"greengrass", "{prefix}/things/{thing}/jobs/notify-namespace-{namespace}"},
    {"greengrass-next", "{prefix}/things/{thing}/jobs/notify-next-namespace-{namespace}"},
};

/* What is no identifier may have several levels: the check of the whole topic covers it. */
#define NO_IDENTIFIER IDENTIFIER_COUNT

struct placeholder {
    const char *name;
    size_t offset; /* of the value in struct notify_topic_values */
    enum identifier identifier;
};

static const struct placeholder placeholders[] = {
    {"thing", offsetof(struct notify_topic_values, thing), IDENTIFIER_THING},
    {"job", offsetof(struct notify_topic_values, job), IDENTIFIER_JOB},
    {"namespace", offsetof(struct notify_topic_values, namespace), IDENTIFIER_NAMESPACE},
    {"root", offsetof(struct notify_topic_values, root), IDENTIFIER_ROOT},
    {"prefix", offsetof(struct notify_topic_values, prefix), NO_IDENTIFIER},
};

/* A topic in the making. One byte more than a topic may have is enough to be refused for it. */
struct draft {
    char text[LIMITS_TOPIC_BYTES + 1];
    size_t n;
};

struct str notify_topic_template(struct str preset_or_text)
{
    for (size_t i = 0; i < COUNT_OF(presets); i++)
        if (str_eq_text(preset_or_text, presets[i].name))
            return str_of(presets[i].template);
    return preset_or_text;
}

static void add(struct draft *draft, struct str part)
{
    size_t room = sizeof draft->text - draft->n;
    size_t n = part.n < room ? part.n : room;
    if (n > 0)
        memcpy(draft->text + draft->n, part.p, n);
    draft->n += n;
}

static const struct placeholder *find_placeholder(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(placeholders); i++)
        if (str_eq_text(name, placeholders[i].name))
            return &placeholders[i];
    return NULL;
}

static enum err add_value(struct draft *draft, struct str name,
                          const struct notify_topic_values *values, struct why *why)
{
    const struct placeholder *placeholder = find_placeholder(name);
    if (placeholder == NULL)
        return refusal_set(why, "notify", name,
                           "Member must satisfy enum value set: [thing, job, namespace, root, "
                           "prefix]");
    struct str value;
    memcpy(&value, (const char *)values + placeholder->offset, sizeof value);
    if (placeholder->identifier != NO_IDENTIFIER) {
        enum err err = identifier_check(placeholder->identifier, value, why);
        if (err != ERR_NONE)
            return err;
    }
    add(draft, value);
    return ERR_NONE;
}

static enum err expand(struct str template, const struct notify_topic_values *values,
                       struct draft *draft, struct why *why)
{
    struct str rest = template;
    for (;;) {
        struct str literal = str_cut(&rest, '{');
        if (str_has(literal, '}'))
            return refusal_set(why, "notify", template, "Member must open every { it closes");
        add(draft, literal);
        if (str_is_absent(rest))
            return ERR_NONE;
        if (!str_has(rest, '}'))
            return refusal_set(why, "notify", template, "Member must close every { it opens");
        enum err err = add_value(draft, str_cut(&rest, '}'), values, why);
        if (err != ERR_NONE)
            return err;
    }
}

static enum err make_topic(struct str template, const struct notify_topic_values *values,
                           struct draft *draft, struct why *why)
{
    draft->n = 0;
    enum err err = expand(template, values, draft, why);
    if (err != ERR_NONE)
        return err;
    struct str topic = {draft->text, draft->n};
    err = level_check_name(topic, why);
    if (err == ERR_NONE && own_topic_is_one(topic, values->root))
        err = refusal_set(why, "topic", topic, "Member must not be one of the bridge's own topics");
    return err;
}

enum err notify_topic_check(struct str template, struct str prefix, struct str root,
                            struct why *why)
{
    if (!str_has(template, '/') && !str_has(template, '{'))
        return refusal_set(why, "notify", template,
                           "Member must satisfy enum value set: [documented, greengrass, "
                           "greengrass-next] or be a topic with {placeholders}");
    const struct notify_topic_values shortest = {
        .prefix = prefix, .root = root, .thing = STR("x"), .job = STR("x"), .namespace = STR("x")};
    struct draft draft;
    return make_topic(template, &shortest, &draft, why);
}

enum err notify_topic_format(struct str template, const struct notify_topic_values *values,
                             struct buf *out, struct why *why)
{
    struct draft draft;
    enum err err = make_topic(template, values, &draft, why);
    if (err == ERR_NONE)
        buf_add(out, (struct str){draft.text, draft.n});
    return err;
}

/* One level: the values that are known in place of their names, or any level at all. */
static void add_level_filter(struct str level, struct str prefix, struct str root, struct buf *out)
{
    size_t start = out->n;
    struct str rest = level;
    while (!str_is_absent(rest)) {
        buf_add(out, str_cut(&rest, '{'));
        if (str_is_absent(rest))
            return;
        struct str name = str_cut(&rest, '}');
        if (str_eq_text(name, "prefix") || str_eq_text(name, "root")) {
            buf_add(out, str_eq_text(name, "prefix") ? prefix : root);
        } else {
            out->n = start;
            buf_add_byte(out, '+');
            return;
        }
    }
}

void notify_topic_filter(struct str template, struct str prefix, struct str root, struct buf *out)
{
    struct str rest = template;
    while (!str_is_absent(rest)) {
        add_level_filter(str_cut(&rest, '/'), prefix, root, out);
        if (!str_is_absent(rest))
            buf_add_byte(out, '/');
    }
}
