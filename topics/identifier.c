#include "topics/identifier.h"

#include "base/limits.h"
#include "topics/refusal.h"

/* Which classes of characters a byte belongs to. */
enum { WORD = 1, COLON = 2, DOT = 4 };

static const unsigned char class_of[256] = {
    ['a' ... 'z'] = WORD, ['A' ... 'Z'] = WORD, ['0' ... '9'] = WORD, ['_'] = WORD,
    ['-'] = WORD,         [':'] = COLON,        ['.'] = DOT,
};

struct rule {
    const char *field;
    const char *pattern;
    size_t max;
    unsigned classes;
};

static const struct rule rules[IDENTIFIER_COUNT] = {
    [IDENTIFIER_JOB] = {"jobId", "[a-zA-Z0-9_-]+", LIMITS_JOB_ID, WORD},
    [IDENTIFIER_NAMESPACE] = {"namespaceId", "[a-zA-Z0-9_-]+", LIMITS_NAMESPACE_ID, WORD},
    [IDENTIFIER_THING] = {"thingName", "[a-zA-Z0-9:_-]+", LIMITS_THING_NAME, WORD | COLON},
    [IDENTIFIER_TOKEN] = {"clientToken", "[a-zA-Z0-9_-]+", LIMITS_CLIENT_TOKEN, WORD},
    [IDENTIFIER_ROOT] = {"root", "[a-zA-Z0-9_.:-]+", LIMITS_TOPIC_ROOT, WORD | COLON | DOT},
};

static bool has_only(struct str s, unsigned classes)
{
    for (size_t i = 0; i < s.n; i++)
        if ((class_of[(unsigned char)s.p[i]] & classes) == 0)
            return false;
    return true;
}

enum err identifier_check(enum identifier what, struct str s, struct why *why)
{
    const struct rule *rule = &rules[what];
    if (s.n == 0)
        return refusal_set(why, rule->field, s,
                           "Member must have length greater than or equal to 1");
    if (s.n > rule->max)
        return refusal_set(why, rule->field, s, "Member must have length less than or equal to %zu",
                           rule->max);
    if (!has_only(s, rule->classes))
        return refusal_set(why, rule->field, s,
                           "Member must satisfy regular expression pattern: %s", rule->pattern);
    return ERR_NONE;
}

bool identifier_is_job(struct str s)
{
    return identifier_check(IDENTIFIER_JOB, s, NULL) == ERR_NONE;
}

bool identifier_is_namespace(struct str s)
{
    return identifier_check(IDENTIFIER_NAMESPACE, s, NULL) == ERR_NONE;
}

bool identifier_is_thing(struct str s)
{
    return identifier_check(IDENTIFIER_THING, s, NULL) == ERR_NONE;
}

bool identifier_is_token(struct str s)
{
    return identifier_check(IDENTIFIER_TOKEN, s, NULL) == ERR_NONE;
}
