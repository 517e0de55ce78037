#include "topics/level.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "topics/identifier.h"
#include "topics/refusal.h"

static bool is_noncharacter(uint32_t c)
{
    return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

/* The rule that the first character of s breaks, or NULL. */
static const char *broken_rule(struct str s, size_t *ret_length)
{
    uint32_t c;
    *ret_length = utf8_next(s, &c);
    if (*ret_length == 0)
        return "Member must be valid UTF-8";
    if (c == 0)
        return "Member must not contain the character NUL";
    if (utf8_is_control(c))
        return "Member must not contain control characters";
    if (c == '+' || c == '#')
        return "Member must not contain the wildcards + and #";
    if (is_noncharacter(c))
        return "Member must not contain Unicode noncharacters";
    return NULL;
}

/* Breaks no rule; nearly every character of a topic is one of these. */
static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '+' && c != '#';
}

static enum err check_characters(struct str topic, struct why *why)
{
    size_t length = 1;
    for (struct str rest = topic; rest.n > 0;
         rest = (struct str){rest.p + length, rest.n - length}) {
        length = 1;
        if (is_plain(rest.p[0]))
            continue;
        const char *rule = broken_rule(rest, &length);
        if (rule != NULL)
            return refusal_set(why, "topic", topic, "%s", rule);
    }
    return ERR_NONE;
}

enum err level_check_name(struct str topic, struct why *why)
{
    if (topic.n == 0)
        return refusal_set(why, "topic", topic,
                           "Member must have length greater than or equal to 1");
    if (topic.n > LIMITS_TOPIC_BYTES)
        return refusal_set(why, "topic", topic, "Member must have length less than or equal to %d",
                           LIMITS_TOPIC_BYTES);
    if (level_split(topic, NULL, 0) > LIMITS_TOPIC_SLASHES + 1)
        return refusal_set(why, "topic", topic, "Member must have at most %d slashes",
                           LIMITS_TOPIC_SLASHES);
    return check_characters(topic, why);
}

enum err level_check_root(struct str root, struct why *why)
{
    return identifier_check(IDENTIFIER_ROOT, root, why);
}

size_t level_split(struct str topic, struct str *ret, size_t max)
{
    size_t count = 0;
    for (struct str rest = topic; !str_is_absent(rest); count++) {
        struct str level = str_cut(&rest, '/');
        if (count < max)
            ret[count] = level;
    }
    return count;
}
