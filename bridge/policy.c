#include "bridge/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TITLE_MAX 96
#define VALUE_MAX 32

static void free_globs(struct policy_globs *globs)
{
    for (size_t i = 0; i < globs->count; i++)
        glob_fini(&globs->items[i]);
    free(globs->items);
}

void policy_free(struct policy *policy)
{
    if (policy == NULL)
        return;
    for (size_t i = 0; i < policy->count; i++) {
        struct policy_rule *rule = &policy->rules[i];
        free(rule->name);
        free_globs(&rule->things);
        free_globs(&rule->jobs);
        free_globs(&rule->namespaces);
        free_globs(&rule->notify);
    }
    free(policy->rules);
    free(policy);
}

static bool covers_one(const struct policy_globs *globs, const struct glob *other)
{
    for (size_t i = 0; i < globs->count; i++)
        if (glob_covers(&globs->items[i], other))
            return true;
    return false;
}

static bool has_all(const struct policy_globs *globs)
{
    for (size_t i = 0; i < globs->count; i++)
        if (strcmp(globs->items[i].text, "*") == 0)
            return true;
    return false;
}

static bool covers_all(const struct policy_globs *globs, const struct policy_globs *others)
{
    if (globs->count == 0)
        return true;
    if (others->count == 0)
        return has_all(globs);
    for (size_t i = 0; i < others->count; i++)
        if (!covers_one(globs, &others->items[i]))
            return false;
    return true;
}

bool policy_rule_covers(const struct policy_rule *rule, const struct policy_rule *other)
{
    if (rule->sender != POLICY_ANYONE && rule->sender != other->sender)
        return false;
    return covers_all(&rule->things, &other->things) && covers_all(&rule->jobs, &other->jobs) &&
           covers_all(&rule->namespaces, &other->namespaces);
}

/* No globs: any. */
static bool is_among(const struct policy_globs *globs, struct str identifier)
{
    for (size_t i = 0; i < globs->count; i++)
        if (glob_matches(&globs->items[i], identifier))
            return true;
    return globs->count == 0;
}

static bool matches(const struct policy_rule *rule, const struct policy_subject *subject)
{
    bool is_operator = str_is_absent(subject->thing);
    if (rule->sender == (is_operator ? POLICY_THINGS : POLICY_OPERATORS))
        return false;
    return (is_operator || is_among(&rule->things, subject->thing)) &&
           is_among(&rule->jobs, subject->job) && is_among(&rule->namespaces, subject->namespace);
}

/* The decision, or POLICY_ALLOWED where the number does not break its bound. */
static enum policy_reason judge_slot(const struct policy_bound *bound, unsigned slot,
                                     const struct policy_subject *subject, double *ret_last)
{
    const struct field_values *values = subject->values;
    uint32_t bit = UINT32_C(1) << slot;
    double value = values->slot[slot];
    /* A criterion that is not there keeps to every bound. */
    bool is_bounded = (values->given & bit) != 0 || !field_is_by_failure_type(bound->field);
    if (is_bounded && value < bound->min)
        return POLICY_MIN;
    if (is_bounded && value > bound->max)
        return POLICY_MAX;
    if (bound->only == POLICY_ANY_WAY)
        return POLICY_ALLOWED;
    if ((values->given_more & bit) != 0)
        return POLICY_TWICE;
    struct known_range range = known_look(subject->known, subject->job, slot);
    *ret_last = bound->only == POLICY_DOWN ? range.low : range.high;
    bool is_wrong_way = bound->only == POLICY_DOWN ? value > range.low : value < range.high;
    if (range.has_values && is_wrong_way)
        return POLICY_ONLY;
    return range.is_known || bound->allows_unknown ? POLICY_ALLOWED : POLICY_UNKNOWN;
}

static bool breaks(const struct policy_bound *bound, const struct policy_subject *subject,
                   struct policy_decision *ret)
{
    if ((subject->values->members & (UINT32_C(1) << field_member(bound->field))) == 0)
        return false;
    unsigned first = field_slot(bound->field);
    for (unsigned slot = first; slot < first + field_slot_count(bound->field); slot++) {
        ret->reason = judge_slot(bound, slot, subject, &ret->last);
        if (ret->reason == POLICY_ALLOWED)
            continue;
        ret->field = bound->field;
        ret->bound = bound;
        ret->slot = slot;
        ret->value = subject->values->slot[slot];
        return true;
    }
    return false;
}

/* The lowest bit is the first in the order of fields. */
static enum field first_of(uint32_t bits)
{
    enum field field = 0;
    while ((bits & FIELD_BIT(field)) == 0)
        field++;
    return field;
}

static void judge_by(const struct policy_rule *rule, const struct policy_subject *subject,
                     struct policy_decision *ret)
{
    uint32_t refused = subject->values->set & ~rule->fields;
    if (rule->denies) {
        ret->reason = POLICY_DENIES;
        return;
    }
    if (refused != 0) {
        ret->reason = POLICY_FIELD;
        ret->field = first_of(refused);
        return;
    }
    for (size_t i = 0; i < rule->bound_count; i++)
        if (breaks(&rule->bounds[i], subject, ret))
            return;
    for (size_t i = 0; i < subject->target_count; i++) {
        struct str target = subject->targets[i];
        bool is_sender = !str_is_absent(subject->thing) && str_eq(target, subject->thing);
        if (is_sender || (rule->notify.count > 0 && is_among(&rule->notify, target)))
            continue;
        ret->reason = POLICY_TARGET;
        ret->target = target;
        return;
    }
    ret->reason = POLICY_ALLOWED;
}

struct policy_decision policy_judge(const struct policy *policy,
                                    const struct policy_subject *subject)
{
    struct policy_decision decision = {.reason = POLICY_NO_RULE};
    for (size_t i = 0; i < policy->count; i++) {
        if (!matches(&policy->rules[i], subject))
            continue;
        decision.rule = &policy->rules[i];
        judge_by(decision.rule, subject, &decision);
        break;
    }
    return decision;
}

void policy_rule_title(const struct policy_rule *rule, char *text, size_t size)
{
    if (rule->name != NULL)
        snprintf(text, size, "rule %zu \"%s\"", rule->number, rule->name);
    else
        snprintf(text, size, "rule %zu", rule->number);
}

/* "50", or "no limit". */
static const char *show(double value, char text[static VALUE_MAX])
{
    if (isinf(value))
        return "no limit";
    snprintf(text, VALUE_MAX, "%.15g", value);
    return text;
}

/* What the command says of the slot: its number, or that it takes the number away. */
static const char *show_value(const struct policy_decision *decision, char text[static VALUE_MAX])
{
    return isinf(decision->value) ? "left out, which removes the limit"
                                  : show(decision->value, text);
}

static enum err explain_number(const struct policy_decision *decision, const char *title,
                               struct why *why)
{
    const char *path = field_path(decision->field);
    const struct policy_bound *bound = decision->bound;
    bool is_by_type = field_is_by_failure_type(decision->field);
    const char *type =
        is_by_type ? field_failure_type(decision->slot - field_slot(decision->field)) : "";
    char value[VALUE_MAX];
    char limit[VALUE_MAX];
    char of[32] = "";
    if (is_by_type)
        snprintf(of, sizeof of, " of %s", type);
    switch (decision->reason) {
    case POLICY_MIN:
        return why_set(why, ERR_REFUSED, path, "policy %s: %s%s must be at least %s, it is %s",
                       title, path, of, show(bound->min, limit), show_value(decision, value));
    case POLICY_MAX:
        return why_set(why, ERR_REFUSED, path, "policy %s: %s%s must be at most %s, it is %s",
                       title, path, of, show(bound->max, limit), show_value(decision, value));
    case POLICY_ONLY:
        return why_set(why, ERR_REFUSED, path, "policy %s: %s%s may only go %s from %s, it is %s",
                       title, path, of, bound->only == POLICY_DOWN ? "down" : "up",
                       show(decision->last, limit), show_value(decision, value));
    case POLICY_TWICE:
        return why_set(why, ERR_REFUSED, path,
                       "policy %s: %s%s may only go %s, so it must not be there twice", title, path,
                       of, bound->only == POLICY_DOWN ? "down" : "up");
    default:
        return why_set(why, ERR_REFUSED, path,
                       "policy %s: %s%s may only go %s, and its value in this job is not known",
                       title, path, of, bound->only == POLICY_DOWN ? "down" : "up");
    }
}

enum err policy_explain(const struct policy_decision *decision, struct why *why)
{
    char title[TITLE_MAX] = "";
    const char *path = field_path(decision->field);
    if (decision->rule != NULL)
        policy_rule_title(decision->rule, title, sizeof title);
    switch (decision->reason) {
    case POLICY_ALLOWED:
        return ERR_NONE;
    case POLICY_NO_RULE:
        return why_set(why, ERR_REFUSED, NULL,
                       "policy: no rule is for this sender, job and namespace");
    case POLICY_DENIES:
        return why_set(why, ERR_REFUSED, NULL,
                       "policy %s denies commands of this sender for this job", title);
    case POLICY_FIELD:
        return why_set(why, ERR_REFUSED, path, "policy %s: %s must not be set", title, path);
    case POLICY_TARGET:
        return why_set(why, ERR_REFUSED, "things", "policy %s: '%.*s' must not be notified", title,
                       STR_ARG(decision->target));
    default:
        return explain_number(decision, title, why);
    }
}
