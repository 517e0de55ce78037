#include "local/query.h"

#include "base/utf8.h"
#include "local/percent.h"

#include <stdarg.h>
#include <stdio.h>

#define EXCERPT_MAX    64 /* bytes of a value in a message */
#define CONSTRAINT_MAX 256

enum err query_refuse(struct why *why, const char *name, struct str value, const char *constraint,
                      ...)
{
    char text[CONSTRAINT_MAX];
    va_list args;
    va_start(args, constraint);
    vsnprintf(text, sizeof text, constraint, args);
    va_end(args);
    struct str shown = {value.p, value.n < EXCERPT_MAX ? value.n : EXCERPT_MAX};
    return why_set(why, ERR_INVALID, name,
                   "1 validation error detected: Value '%.*s%s' at '%s' failed to satisfy "
                   "constraint: Member must %s",
                   STR_ARG(shown), shown.n < value.n ? "..." : "", name, text);
}

static bool is_known(const char *const *known, struct str name)
{
    while (*known != NULL && !str_eq_text(name, *known))
        known++;
    return *known != NULL;
}

static const struct query_param *find(const struct query *query, struct str name)
{
    for (size_t i = 0; i < query->count; i++)
        if (str_eq(query->params[i].name, name))
            return &query->params[i];
    return NULL;
}

static enum err refuse_query(struct why *why, const char *reason, struct str at)
{
    struct str shown = {at.p, at.n < EXCERPT_MAX ? at.n : EXCERPT_MAX};
    return why_set(why, ERR_INVALID, NULL, "The query %s: '%.*s'", reason, STR_ARG(shown));
}

/* Adds "name=value"; the decoded text goes to query->text from *used on. */
static enum err add(struct query *query, struct str pair, const char *const *known, size_t *used,
                    struct why *why)
{
    struct str value = pair;
    struct str name = str_cut(&value, '=');
    struct query_param param;
    char *out = query->text + *used;
    size_t room = sizeof query->text - *used;
    if (!percent_decode(name, out, room, &param.name) ||
        !percent_decode(value, out + param.name.n, room - param.name.n, &param.value) ||
        !utf8_is_valid(param.name) || !utf8_is_valid(param.value))
        return refuse_query(why, "has a parameter that is no text or too long", pair);
    if (!is_known(known, param.name))
        return refuse_query(why, "has a parameter that this operation does not know", param.name);
    if (find(query, param.name) != NULL)
        return refuse_query(why, "has a parameter twice", param.name);
    *used += param.name.n + param.value.n;
    query->params[query->count++] = param;
    return ERR_NONE;
}

enum err query_parse(struct str raw, const char *const *known, struct query *ret, struct why *why)
{
    ret->count = 0;
    size_t used = 0;
    while (!str_is_absent(raw)) {
        struct str pair = str_cut(&raw, '&');
        if (pair.n == 0)
            continue;
        if (ret->count == QUERY_PARAMS_MAX)
            return refuse_query(why, "has too many parameters", pair);
        enum err err = add(ret, pair, known, &used, why);
        if (err != ERR_NONE)
            return err;
    }
    return ERR_NONE;
}

struct str query_get(const struct query *query, const char *name)
{
    const struct query_param *param = find(query, str_of(name));
    return param != NULL ? param->value : STR_NONE;
}

enum err query_bool(const struct query *query, const char *name, bool *ret, struct why *why)
{
    struct str value = query_get(query, name);
    if (str_is_absent(value))
        return ERR_NONE;
    bool is_true = str_eq_text(value, "true");
    if (!is_true && !str_eq_text(value, "false"))
        return query_refuse(why, name, value, "satisfy enum value set: [true, false]");
    *ret = is_true;
    return ERR_NONE;
}

enum err query_int(const struct query *query, const char *name, int64_t min, int64_t max,
                   int64_t *ret, struct why *why)
{
    struct str value = query_get(query, name);
    if (str_is_absent(value) || str_to_int(value, min, max, ret))
        return ERR_NONE;
    return query_refuse(why, name, value, "be an integer between %lld and %lld", (long long)min,
                        (long long)max);
}

enum err query_check_id(const char *name, struct str value, size_t length_max,
                        const struct pattern *pattern, struct why *why)
{
    if (value.n == 0)
        return query_refuse(why, name, value, "have length greater than or equal to 1");
    if (value.n > length_max)
        return query_refuse(why, name, value, "have length less than or equal to %zu", length_max);
    if (!pattern->matches(value))
        return query_refuse(why, name, value, "satisfy regular expression pattern: %s",
                            pattern->text);
    return ERR_NONE;
}
