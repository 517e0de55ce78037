#include "daemon/policy_check.h"

#include <math.h>
#include <stdio.h>

/* Rule 2 of the file is "rules[2]", as a person counts. */
static void write_key(const struct policy_rule *rule, const char *name, char key[WHY_FIELD_MAX])
{
    snprintf(key, WHY_FIELD_MAX, "rules[%zu]%s%s", rule->number, name[0] != '\0' ? "." : "", name);
}

static void check_reachable(const struct policy *policy, const bool *is_broken, size_t index,
                            struct mistakes *mistakes)
{
    const struct policy_rule *rule = &policy->rules[index];
    for (size_t i = 0; i < index; i++) {
        const struct policy_rule *earlier = &policy->rules[i];
        if (is_broken[i] || !policy_rule_covers(earlier, rule))
            continue;
        char key[WHY_FIELD_MAX];
        char title[WHY_FIELD_MAX];
        write_key(rule, "", key);
        policy_rule_title(earlier, title, sizeof title);
        mistakes_add(mistakes, rule->line, key,
                     "can never decide: %s on line %zu matches everything that it matches", title,
                     earlier->line);
        return;
    }
}

/* A criterion needs all of its members, so none of them can be set where one must not be. */
static void check_companions(const struct policy_rule *rule, struct mistakes *mistakes)
{
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        enum field parent = field_parent(field);
        bool is_refused = (rule->fields & FIELD_BIT(field)) == 0;
        if (parent == FIELD_COUNT || !is_refused || !field_shape(field)->is_required)
            continue;
        uint32_t beside = 0;
        for (enum field other = 0; other < FIELD_COUNT; other++)
            if (field_parent(other) == parent && (rule->fields & FIELD_BIT(other)) != 0)
                beside |= FIELD_BIT(other);
        if (beside == 0 && (rule->fields & FIELD_BIT(parent)) == 0)
            continue;
        char key[WHY_FIELD_MAX];
        write_key(rule, "fields", key);
        mistakes_add(mistakes, rule->line, key,
                     "no command can set anything in %s: %s must not be set, but is required there",
                     field_path(parent), field_path(field));
        return;
    }
}

void policy_check_rules(const struct policy *policy, const bool *is_broken,
                        struct mistakes *mistakes)
{
    for (size_t i = 0; i < policy->count; i++) {
        if (is_broken[i])
            continue;
        check_reachable(policy, is_broken, i, mistakes);
        if (!policy->rules[i].denies)
            check_companions(&policy->rules[i], mistakes);
    }
}

void policy_check_bound(const struct policy_bound *bound, size_t line, const char *key,
                        struct mistakes *mistakes)
{
    const struct shape_row *row = field_shape(bound->field);
    double least = row->min.is_set ? row->min.value : -HUGE_VAL;
    double most = row->max.is_set ? row->max.value : HUGE_VAL;
    if (bound->min > bound->max)
        mistakes_add(mistakes, line, key, "min is above max, so no value is allowed");
    else if (bound->max < least)
        mistakes_add(mistakes, line, key, "max is below %.15g, AWS's least, so no value is allowed",
                     least);
    else if (bound->min > most)
        mistakes_add(mistakes, line, key, "min is above %.15g, AWS's most, so no value is allowed",
                     most);
}
