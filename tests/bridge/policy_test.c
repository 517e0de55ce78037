/* What policies decide is in tests/vectors/policy, which daemon/policy_file_test plays; here is
 * what vectors cannot say. */
#include "bridge/policy.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>

/* Allocations are counted while somebody looks. */
static bool is_counting;
static unsigned allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations += is_counting;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations += is_counting;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    allocations += is_counting;
    return __real_realloc(p, size);
}

static void add_glob(struct policy_globs *globs, const char *text)
{
    globs->items = realloc(globs->items, (globs->count + 1) * sizeof *globs->items);
    assert_non_null(globs->items);
    assert_int_equal(glob_init(&globs->items[globs->count++], str_of(text), NULL), ERR_NONE);
}

static struct policy *new_policy(size_t count)
{
    struct policy *policy = calloc(1, sizeof *policy);
    assert_non_null(policy);
    policy->rules = calloc(count, sizeof *policy->rules);
    assert_non_null(policy->rules);
    policy->count = count;
    for (size_t i = 0; i < count; i++)
        policy->rules[i] = (struct policy_rule){.number = i + 1, .fields = FIELD_ALL};
    return policy;
}

/* Every kind of test that a rule can make, and the last one decides. */
static struct policy *long_policy(void)
{
    struct policy *policy = new_policy(LIMITS_POLICY_RULES);
    for (size_t i = 0; i < policy->count; i++) {
        struct policy_rule *rule = &policy->rules[i];
        bool is_last = i + 1 == policy->count;
        rule->sender = POLICY_THINGS;
        add_glob(&rule->things, "*-a*b?c*");
        add_glob(&rule->things, "gateway-*");
        add_glob(&rule->jobs, is_last ? "line-*" : "line-*-x");
    }
    struct policy_rule *last = &policy->rules[policy->count - 1];
    last->bounds[last->bound_count++] = (struct policy_bound){.field = FIELD_ABORT_THRESHOLD,
                                                              .min = 1,
                                                              .max = 50,
                                                              .only = POLICY_DOWN,
                                                              .allows_unknown = true};
    add_glob(&last->notify, "fan-*");
    return policy;
}

static void judging_allocates_nothing(void **state)
{
    (void)state;
    static const char json[] =
        "{\"abortConfig\":{\"criteriaList\":[{\"failureType\":\"ALL\",\"action\":\"CANCEL\","
        "\"thresholdPercentage\":10,\"minNumberOfExecutedThings\":1}]}}";
    struct policy *policy = long_policy();
    struct doc *doc;
    assert_int_equal(doc_parse(STR(json), sizeof json, &doc, NULL), ERR_NONE);
    struct str targets[] = {STR("gateway-1"), STR("fan-1")};
    struct field_values values;
    struct policy_subject subject = {.thing = STR("gateway-1"),
                                     .job = STR("line-1"),
                                     .targets = targets,
                                     .target_count = COUNT_OF(targets),
                                     .values = &values};
    is_counting = true;
    field_read(doc_root(doc), &values);
    struct policy_decision allowed = policy_judge(policy, &subject);
    subject.job = STR("other");
    struct policy_decision denied = policy_judge(policy, &subject);
    is_counting = false;
    assert_int_equal(allocations, 0);
    assert_int_equal(allowed.reason, POLICY_ALLOWED);
    assert_int_equal(allowed.rule->number, policy->count);
    assert_int_equal(denied.reason, POLICY_NO_RULE);

    struct glob glob; /* which is allocated, so that is counted */
    is_counting = true;
    assert_int_equal(glob_init(&glob, STR("a*"), NULL), ERR_NONE);
    is_counting = false;
    assert_int_equal(allocations, 2);
    glob_fini(&glob);
    doc_free(doc);
    policy_free(policy);
}

static void a_rule_covers_what_it_matches_at_least(void **state)
{
    (void)state;
    struct policy *policy = new_policy(7);
    struct policy_rule *any = &policy->rules[0];
    struct policy_rule *things = &policy->rules[1];
    struct policy_rule *operators = &policy->rules[2];
    struct policy_rule *pumps = &policy->rules[3];
    struct policy_rule *starred = &policy->rules[4];
    struct policy_rule *operators_job = &policy->rules[5];
    struct policy_rule *namespaced = &policy->rules[6];
    things->sender = POLICY_THINGS;
    operators->sender = POLICY_OPERATORS;
    pumps->sender = POLICY_THINGS;
    add_glob(&pumps->things, "pump-*");
    starred->sender = POLICY_THINGS;
    add_glob(&starred->things, "a");
    add_glob(&starred->things, "*");
    operators_job->sender = POLICY_OPERATORS;
    add_glob(&operators_job->jobs, "j");
    add_glob(&namespaced->namespaces, "?*");

    for (size_t i = 0; i < policy->count; i++)
        assert_true(policy_rule_covers(any, &policy->rules[i]));
    assert_false(policy_rule_covers(things, any));
    assert_false(policy_rule_covers(operators, any));
    assert_false(policy_rule_covers(things, operators));
    assert_false(policy_rule_covers(operators, things));
    assert_true(policy_rule_covers(things, pumps));
    assert_false(policy_rule_covers(pumps, things));
    assert_true(policy_rule_covers(starred, things));
    assert_true(policy_rule_covers(starred, pumps));
    assert_false(policy_rule_covers(pumps, starred));
    assert_true(policy_rule_covers(operators, operators_job));
    assert_false(policy_rule_covers(operators_job, operators));
    assert_false(policy_rule_covers(namespaced, any));
    assert_false(policy_rule_covers(namespaced, pumps));
    policy_free(policy);
}

static void nothing_is_freed_without_complaint(void **state)
{
    (void)state;
    policy_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judging_allocates_nothing),
        cmocka_unit_test(a_rule_covers_what_it_matches_at_least),
        cmocka_unit_test(nothing_is_freed_without_complaint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
