#include "tests/check.h"
#include "tests/fakes/world.h"

#include <math.h>
#include <stdio.h>

static struct glob fans;
static char locked_text[] = "locked";
static struct glob locked_items[] = {{.text = locked_text, .n = 6}};

/* Nobody may change the job "locked"; operators may do everything; things may lower the rate and
 * describe what they do. */
static struct policy_rule rules[] = {
    {.number = 1, .denies = true, .jobs = {locked_items, 1}},
    {.number = 2, .sender = POLICY_OPERATORS, .fields = FIELD_ALL},
    {.number = 3,
     .sender = POLICY_THINGS,
     .fields =
         FIELD_BIT(FIELD_DESCRIPTION) | FIELD_BIT(FIELD_ROLLOUT_MAXIMUM) | FIELD_BIT(FIELD_ROLLOUT),
     .bounds =
         {{.field = FIELD_ROLLOUT_MAXIMUM, .min = -HUGE_VAL, .max = HUGE_VAL, .only = POLICY_DOWN}},
     .bound_count = 1},
};

/* tracked is filled in by new_world. */
static struct policy brake = {.rules = rules, .count = COUNT_OF(rules)};
static struct policy nothing_allowed;

/* What the bridge has asked to be remembered, of one job. */
struct memory {
    char job[128];
    char text[512];
};

static enum err remember(void *context, struct str job, struct str text, struct why *why)
{
    struct memory *memory = context;
    (void)why;
    snprintf(memory->job, sizeof memory->job, "%.*s", STR_ARG(job));
    snprintf(memory->text, sizeof memory->text, "%.*s", STR_ARG(text));
    return ERR_NONE;
}

static enum err each(void *context, memory_visit_fn *visit, void *visit_context, struct why *why)
{
    struct memory *memory = context;
    (void)why;
    return memory->text[0] == '\0'
               ? ERR_NONE
               : visit(visit_context, str_of(memory->job), str_of(memory->text));
}

static struct world *new_world(struct world_options options, struct memory *memory)
{
    *memory = (struct memory){0};
    brake.tracked = UINT32_C(1) << field_slot(FIELD_ROLLOUT_MAXIMUM);
    options.policy = &brake;
    options.memory = (struct port_memory){memory, remember, each};
    return world_new(&options);
}

static size_t describe(struct world *world, const char *thing, const char *job)
{
    return world_send(world, &(struct world_command){.thing = thing, .job = job});
}

static size_t set_rate(struct world *world, const char *thing, unsigned rate)
{
    char members[128];
    snprintf(members, sizeof members, "\"jobExecutionsRolloutConfig\":{\"maximumPerMinute\":%u}",
             rate);
    return world_send(
        world, &(struct world_command){.thing = thing, .job = "rollout", .members = members});
}

static void a_forbidden_command_makes_no_call(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world = new_world((struct world_options){0}, &memory);
    size_t locked = describe(world, NULL, "locked");
    size_t timeout = world_send(
        world,
        &(struct world_command){.thing = "pump",
                                .job = "rollout",
                                .members = "\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":5}"});
    size_t target = world_send(world, &(struct world_command){.thing = "pump",
                                                              .job = "rollout",
                                                              .members = "\"things\":[\"fan\"]"});
    size_t dry = world_send(
        world,
        &(struct world_command){.thing = "pump", .job = "locked", .members = "\"dryRun\":true"});
    world_run_until_idle(world, 1000);
    assert_int_equal(world->endpoint.count, 0);
    assert_string_equal(world_code(world, locked), "Forbidden");
    assert_string_equal(world_code(world, timeout), "Forbidden");
    assert_string_equal(world_code(world, target), "Forbidden");
    assert_string_equal(world_code(world, dry), "Forbidden");
    check_has(world_answer(world, locked)->payload, "\"message\":\"policy rule 1 denies");
    check_has(world_answer(world, timeout)->payload,
              "\"field\":\"timeoutConfig.inProgressTimeoutInMinutes\"");
    check_has(world_answer(world, target)->payload, "\"field\":\"things\"");
    world_end(world);
}

static void an_allowed_dry_run_is_planned_and_teaches_nothing(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world = new_world((struct world_options){0}, &memory);
    size_t dry = world_send(
        world, &(struct world_command){.job = "rollout",
                                       .members = "\"dryRun\":true,\"jobExecutionsRolloutConfig\":"
                                                  "{\"maximumPerMinute\":100}"});
    size_t after = set_rate(world, "pump", 50);
    world_run_until_idle(world, 1000);
    assert_string_equal(world_code(world, dry), "accepted");
    assert_string_equal(world_code(world, after), "Forbidden");
    assert_int_equal(world->endpoint.count, 0);
    world_end(world);
}

static void a_rate_only_goes_down(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world = new_world((struct world_options){0}, &memory);
    size_t unknown = set_rate(world, "pump", 50);
    world_run_until_idle(world, 1000);
    size_t raised = set_rate(world, NULL, 100);
    world_run_until_idle(world, 2000);
    size_t lowered = set_rate(world, "pump", 50);
    world_run_until_idle(world, 3000);
    size_t up = set_rate(world, "pump", 51);
    world_run_until_idle(world, 4000);
    assert_string_equal(world_code(world, unknown), "Forbidden");
    assert_string_equal(world_code(world, raised), "accepted");
    assert_string_equal(world_code(world, lowered), "accepted");
    assert_string_equal(world_code(world, up), "Forbidden");
    check_has(world_answer(world, up)->payload,
              "\"field\":\"jobExecutionsRolloutConfig.maximumPerMinute\"");
    assert_int_equal(world->endpoint.count, 2);
    world_end(world);
}

static void what_waits_before_it_counts(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world = new_world((struct world_options){0}, &memory);
    set_rate(world, NULL, 100);
    world_run_until_idle(world, 1000);
    world->endpoint.usual.takes_ms = 1000;
    size_t lower = set_rate(world, "pump", 40);
    size_t between = set_rate(world, "pump", 60); /* down from 100, and up from 40 */
    size_t lowest = set_rate(world, "pump", 30);
    world_run_until_idle(world, 9000);
    assert_string_equal(world_code(world, lower), "accepted");
    assert_string_equal(world_code(world, between), "Forbidden");
    assert_string_equal(world_code(world, lowest), "accepted");
    world_end(world);
}

static void what_waits_makes_nothing_known(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world = new_world((struct world_options){0}, &memory);
    world->endpoint.usual.takes_ms = 1000;
    set_rate(world, NULL, 100);
    size_t too_early = set_rate(world, "pump", 50); /* the job may have less than that */
    world_run_until_idle(world, 5000);
    size_t late = set_rate(world, "pump", 50);
    world_run_until_idle(world, 9000);
    assert_string_equal(world_code(world, too_early), "Forbidden");
    check_has(world_answer(world, too_early)->payload, "is not known");
    assert_string_equal(world_code(world, late), "accepted");
    world_end(world);
}

static void a_call_that_may_have_taken_effect_counts(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world = new_world((struct world_options){.deadline_ms = 2000}, &memory);
    set_rate(world, NULL, 100);
    world_run_until_idle(world, 1000);
    world->endpoint.usual.fault = FAULT_TRANSPORT;
    size_t lost = set_rate(world, "pump", 40);
    world_run_until_idle(world, 9000);
    world->endpoint.usual.fault = FAULT_OK;
    size_t up_perhaps = set_rate(world, "pump", 60);
    size_t down_in_any_case = set_rate(world, "pump", 40);
    world_run_until_idle(world, 90000);
    assert_string_equal(world_code(world, lost), "ServiceUnavailable");
    assert_string_equal(world_code(world, up_perhaps), "Forbidden");
    assert_string_equal(world_code(world, down_in_any_case), "accepted");
    world_end(world);
}

static void a_forbidden_one_is_in_no_call_that_others_share(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world =
        new_world((struct world_options){.coalesces = true, .max_in_flight = 1}, &memory);
    set_rate(world, NULL, 100);
    world_run_until_idle(world, 1000);
    world->endpoint.usual.takes_ms = 500;
    size_t first = describe(world, NULL, "rollout");
    world_run_until(world, 1100);
    size_t before = set_rate(world, "pump", 40);
    size_t up = set_rate(world, "pump", 900);
    size_t behind = describe(world, "pump", "rollout");
    world_run_until_idle(world, 9000);
    assert_string_equal(world_code(world, first), "accepted");
    assert_string_equal(world_code(world, before), "accepted");
    assert_string_equal(world_code(world, up), "Forbidden");
    assert_string_equal(world_code(world, behind), "accepted");
    check_has(world_answer(world, behind)->payload, "\"coalesced\":2");
    assert_int_equal(world->endpoint.count, 3);
    check_has(world->endpoint.calls[2].body, "\"maximumPerMinute\":40");
    world_end(world);
}

static void what_is_known_survives_a_crash(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world = new_world((struct world_options){.redelivers = true}, &memory);
    set_rate(world, NULL, 100);
    world_run_until_idle(world, 1000);
    world_crash(world);
    size_t up = set_rate(world, "pump", 101);
    size_t down = set_rate(world, "pump", 99);
    world_run_until_idle(world, 9000);
    assert_string_equal(world_code(world, up), "Forbidden");
    assert_string_equal(world_code(world, down), "accepted");
    assert_string_equal(memory.text, "{\"jobExecutionsRolloutConfig.maximumPerMinute\":[99,99]}");
    world_end(world);
}

/* A call for it may have been made before the crash, so it is not refused by the new policy; nor is
 * what was forbidden allowed by it. */
static void what_was_taken_in_is_not_judged_again(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world = new_world((struct world_options){.redelivers = true}, &memory);
    set_rate(world, NULL, 100);
    size_t forbidden = set_rate(world, "pump", 500);
    world_run_until_idle(world, 1000);
    world->endpoint.usual.takes_ms = 500;
    size_t taken = set_rate(world, "pump", 50);
    world_run_until(world, 1100);
    world->options.policy = &nothing_allowed;
    world_crash(world);
    size_t afterwards = describe(world, NULL, "rollout");
    world_send_again(world, forbidden, false);
    world_run_until_idle(world, 90000);
    assert_string_equal(world_code(world, taken), "accepted");
    assert_string_equal(world_code(world, afterwards), "Forbidden");
    assert_string_equal(world_code(world, forbidden), "Forbidden");
    check_has(world_answer(world, forbidden)->payload, "may only go down from 100");
    world_end(world);
}

static void a_recovered_command_counts_as_perhaps_applied(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world =
        new_world((struct world_options){.redelivers = true, .deadline_ms = 3000}, &memory);
    set_rate(world, NULL, 100);
    world_run_until_idle(world, 1000);
    world_endpoint_script(&world->endpoint, "rollout", (struct world_reply){.is_never = true});
    set_rate(world, "pump", 50);
    world_run_until(world, 1500);
    world->endpoint.usual.fault = FAULT_THROTTLING;
    world_crash(world);
    world_run_until_idle(world, 60000);
    world->endpoint.usual.fault = FAULT_OK;
    size_t up_perhaps = set_rate(world, "pump", 60);
    world_run_until_idle(world, 90000);
    assert_string_equal(world_code(world, up_perhaps), "Forbidden");
    world_end(world);
}

static void targets_are_those_that_the_rule_names(void **state)
{
    (void)state;
    struct memory memory;
    struct world *world = new_world((struct world_options){0}, &memory);
    rules[1].notify = (struct policy_globs){&fans, 1};
    assert_int_equal(glob_init(&fans, STR("f*"), NULL), ERR_NONE);
    size_t fan = world_send(world, &(struct world_command){.job = "rollout",
                                                           .namespace = "n",
                                                           .members = "\"things\":[\"fan\"]"});
    size_t mast = world_send(
        world, &(struct world_command){
                   .job = "rollout", .namespace = "n", .members = "\"things\":[\"fan\",\"mast\"]"});
    world_run_until_idle(world, 1000);
    assert_string_equal(world_code(world, fan), "accepted");
    assert_string_equal(world_code(world, mast), "Forbidden");
    glob_fini(&fans);
    rules[1].notify = (struct policy_globs){0};
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forbidden_command_makes_no_call),
        cmocka_unit_test(an_allowed_dry_run_is_planned_and_teaches_nothing),
        cmocka_unit_test(a_rate_only_goes_down),
        cmocka_unit_test(what_waits_before_it_counts),
        cmocka_unit_test(what_waits_makes_nothing_known),
        cmocka_unit_test(a_call_that_may_have_taken_effect_counts),
        cmocka_unit_test(a_forbidden_one_is_in_no_call_that_others_share),
        cmocka_unit_test(what_is_known_survives_a_crash),
        cmocka_unit_test(what_was_taken_in_is_not_judged_again),
        cmocka_unit_test(a_recovered_command_counts_as_perhaps_applied),
        cmocka_unit_test(targets_are_those_that_the_rule_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
