/*
 * Any bytes as the policy file and, behind the line "# cases", commands to judge by it, in the
 * words of tests/vectors/policy:
 *
 *   known JOB JSON              an update of the job that was accepted, for the cases that follow
 *   case THING|- JOB NS|- JSON  a command; - is an operator, or no namespace
 *
 * Each decision is checked against a plainer reading of the rules.
 */
#include "daemon/policy_file.h"
#include "daemon/policy_trial.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

/* One character after the other, and each '*' tried in every length. */
static bool is_like(const char *pattern, struct str text)
{
    if (*pattern == '\0')
        return text.n == 0;
    if (text.n == 0)
        return *pattern == '*' && is_like(pattern + 1, text);
    struct str rest = {text.p + 1, text.n - 1};
    if (*pattern == '*')
        return is_like(pattern + 1, text) || is_like(pattern, rest);
    return (*pattern == '?' || *pattern == text.p[0]) && is_like(pattern + 1, rest);
}

/* Too many stars take the plain reading too long. */
static bool is_plain(const struct policy_globs *globs)
{
    for (size_t i = 0; i < globs->count; i++) {
        size_t stars = 0;
        for (const char *c = globs->items[i].text; *c != '\0'; c++)
            stars += *c == '*';
        if (stars > 2)
            return false;
    }
    return true;
}

static bool is_one_of(const struct policy_globs *globs, struct str text)
{
    for (size_t i = 0; i < globs->count; i++)
        if (is_like(globs->items[i].text, text))
            return true;
    return globs->count == 0;
}

static bool fits(const struct policy_rule *rule, const struct policy_subject *subject)
{
    bool is_thing = !str_is_absent(subject->thing);
    if (rule->sender != POLICY_ANYONE && is_thing != (rule->sender == POLICY_THINGS))
        return false;
    return (!is_thing || is_one_of(&rule->things, subject->thing)) &&
           is_one_of(&rule->jobs, subject->job) && is_one_of(&rule->namespaces, subject->namespace);
}

static const struct policy_rule *first_that_fits(const struct policy *policy,
                                                 const struct policy_subject *subject)
{
    for (size_t i = 0; i < policy->count; i++)
        if (fits(&policy->rules[i], subject))
            return &policy->rules[i];
    return NULL;
}

static void check_allowed(const struct policy_rule *rule, const struct policy_subject *subject)
{
    const struct field_values *values = subject->values;
    assert(rule != NULL && !rule->denies && (values->set & ~rule->fields) == 0);
    for (size_t i = 0; i < rule->bound_count; i++) {
        const struct policy_bound *bound = &rule->bounds[i];
        unsigned first = field_slot(bound->field);
        for (unsigned slot = first; slot < first + field_slot_count(bound->field); slot++)
            if ((values->given & (UINT32_C(1) << slot)) != 0)
                assert(values->slot[slot] >= bound->min && values->slot[slot] <= bound->max);
    }
    for (size_t i = 0; i < subject->target_count; i++)
        assert(str_eq(subject->targets[i], subject->thing) ||
               (rule->notify.count > 0 && is_one_of(&rule->notify, subject->targets[i])));
}

/* Nothing is known of jobs here; the trial knows more, and so may decide otherwise on a direction
 * alone. */
static void check_judged(const struct policy *policy, const struct policy_subject *subject)
{
    struct why why = {0};
    struct policy_decision decision = policy_judge(policy, subject);
    assert(decision.rule == first_that_fits(policy, subject));
    enum err err = policy_explain(&decision, &why);
    assert((err == ERR_NONE) == (decision.reason == POLICY_ALLOWED));
    if (err == ERR_NONE) {
        check_allowed(decision.rule, subject);
        return;
    }
    assert(err == ERR_REFUSED);
    fuzz_check_why(&why);
    bool is_of_field = decision.reason >= POLICY_FIELD && decision.reason <= POLICY_TWICE;
    if (is_of_field)
        assert(strcmp(why.field, field_path(decision.field)) == 0);
}

/* A rule that was read can decide something: none before it matches all that it does. */
static void check_rules(const struct policy *policy)
{
    for (size_t i = 0; i < policy->count; i++)
        for (size_t j = 0; j < i; j++)
            assert(!policy_rule_covers(&policy->rules[j], &policy->rules[i]));
}

static bool are_plain(const struct policy *policy)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        if (!is_plain(&rule->things) || !is_plain(&rule->jobs) || !is_plain(&rule->namespaces) ||
            !is_plain(&rule->notify))
            return false;
    }
    return true;
}

static bool is_id(struct str text, size_t max, const struct pattern *pattern)
{
    return text.n > 0 && text.n <= max && pattern->matches(text);
}

static void judge(const struct policy *policy, const struct policy_trial *trial)
{
    struct command command;
    struct field_values values;
    bool is_read = command_decode(trial->command, &command, NULL) == REJECT_NONE;
    if (is_read) {
        field_read(doc_root(command.doc), &values);
        const struct policy_subject subject = {
            .thing = trial->thing,
            .job = trial->job,
            .namespace = str_is_absent(trial->namespace) ? command.namespace : trial->namespace,
            .targets = command.things,
            .target_count = command.thing_count,
            .values = &values,
        };
        check_judged(policy, &subject);
    }
    command_free(&command);
}

static void try_out(const struct policy *policy, const struct policy_trial *trial)
{
    struct buf said;
    struct why why = {0};
    buf_init(&said, 4096);
    enum err err = policy_trial_run(policy, trial, &said, &why);
    assert(err == ERR_NONE || err == ERR_REFUSED || err == ERR_INVALID);
    if (err == ERR_INVALID)
        fuzz_check_why(&why);
    else
        fuzz_check_line((struct str){said.p, said.n - 1});
    buf_fini(&said);
}

static struct str word_or_none(struct str *line)
{
    struct str word = str_cut(line, ' ');
    return str_eq_text(word, "-") ? STR_NONE : word;
}

static void play(const struct policy *policy, struct str cases)
{
    struct str known_job = STR_NONE;
    struct str known = STR_NONE;
    bool is_judged = are_plain(policy);
    while (!str_is_absent(cases)) {
        struct str line = str_cut(&cases, '\n');
        struct str word = str_cut(&line, ' ');
        if (str_eq_text(word, "known")) {
            known_job = str_cut(&line, ' ');
            known = line;
        }
        if (!str_eq_text(word, "case"))
            continue;
        struct policy_trial trial = {.thing = word_or_none(&line)};
        trial.job = word_or_none(&line);
        trial.namespace = word_or_none(&line);
        trial.command = str_is_absent(line) ? STR("") : line;
        trial.known = str_eq(trial.job, known_job) ? known : STR_NONE;
        /* Whoever asks the policy has checked these. */
        if (!is_id(trial.job, LIMITS_JOB_ID, &pattern_id) ||
            (!str_is_absent(trial.thing) &&
             !is_id(trial.thing, LIMITS_THING_NAME, &pattern_thing_name)) ||
            (!str_is_absent(trial.namespace) &&
             !is_id(trial.namespace, LIMITS_NAMESPACE_ID, &pattern_id)))
            continue;
        if (is_judged)
            judge(policy, &trial);
        try_out(policy, &trial);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str cases = {(const char *)bytes, n};
    struct str file = fuzz_cut(&cases, "# cases");
    struct mistakes mistakes;
    struct policy *policy = NULL;
    mistakes_init(&mistakes);
    enum err err = policy_file_load(fuzz_file(0, file), &policy, &mistakes);
    assert((err == ERR_NONE) == (mistakes.total == 0) && (err == ERR_NONE) == (policy != NULL));
    assert(err == ERR_NONE || err == ERR_INVALID);
    for (size_t i = 0; i < mistakes.count; i++)
        fuzz_check_why(&mistakes.items[i].why);
    if (policy != NULL) {
        check_rules(policy);
        play(policy, cases);
    }
    policy_free(policy);
    mistakes_fini(&mistakes);
    return 0;
}
