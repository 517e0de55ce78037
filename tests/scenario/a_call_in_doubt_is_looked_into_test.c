#include "tests/check.h"
#include "tests/fakes/world.h"

#define LOST      ((struct world_reply){.fault = FAULT_TRANSPORT, .takes_ms = 10})
#define IT_IS(at) ((struct world_reply){.description = "{\"job\":{\"description\":\"" at "\"}}"})

static struct world *new_world(bool coalesces)
{
    return world_new(
        &(struct world_options){.verifies = true, .coalesces = coalesces, .deadline_ms = 60000});
}

static size_t send(struct world *world)
{
    return world_send(world, &(struct world_command){.thing = "pump", .job = "rollout"});
}

/* 'c': an UpdateJob, 'q': a question. */
static void check_calls_were(const struct world *world, const char *expected)
{
    char kinds[32] = "";
    assert_true(world->endpoint.count < sizeof kinds);
    for (size_t i = 0; i < world->endpoint.count; i++)
        kinds[i] = world->endpoint.calls[i].is_question ? 'q' : 'c';
    assert_string_equal(kinds, expected);
}

static void what_took_effect_is_not_called_again(void **state)
{
    (void)state;
    struct world *world = new_world(false);
    world_endpoint_script(&world->endpoint, NULL, LOST);
    world_endpoint_script(&world->endpoint, NULL, IT_IS("#0"));
    size_t number = send(world);
    world_run_until(world, 1000);
    check_calls_were(world, "cq");
    assert_string_equal(world_code(world, number), "accepted");
    check_has(world_answer(world, number)->payload, "\"attempts\":1");
    assert_null(strstr(world_answer(world, number)->payload, "requestId"));
    world_end(world);
}

static void what_did_not_is_called_again(void **state)
{
    (void)state;
    struct world *world = new_world(false);
    world_endpoint_script(&world->endpoint, NULL, LOST);
    world_endpoint_script(&world->endpoint, NULL, IT_IS("what it was before"));
    size_t number = send(world);
    world_run_until(world, 1000);
    check_calls_were(world, "cqc");
    assert_string_equal(world_code(world, number), "accepted");
    check_has(world_answer(world, number)->payload, "\"attempts\":2");
    world_end(world);
}

static void those_that_shared_the_call_share_the_doubt(void **state)
{
    (void)state;
    struct world *world = new_world(true);
    world_endpoint_script(&world->endpoint, NULL, LOST);
    world_endpoint_script(&world->endpoint, NULL, IT_IS("#1"));
    size_t first = send(world);
    size_t second = send(world);
    world_run_until(world, 5);
    size_t later = send(world); /* of no doubt */
    world_run_until(world, 1000);
    check_calls_were(world, "cqc");
    check_has(world_answer(world, first)->payload, "\"attempts\":1,\"coalesced\":2");
    check_has(world_answer(world, second)->payload, "\"attempts\":1,\"coalesced\":2");
    check_has(world_answer(world, later)->payload, "\"attempts\":1,\"coalesced\":1");
    world_end(world);
}

static void a_question_may_have_to_be_asked_again(void **state)
{
    (void)state;
    const enum fault faults[] = {FAULT_TRANSPORT, FAULT_THROTTLING, FAULT_EXPIRED_TOKEN};
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct world *world = new_world(false);
        world_endpoint_script(&world->endpoint, NULL, LOST);
        world_endpoint_script(&world->endpoint, NULL, (struct world_reply){.fault = faults[i]});
        world_endpoint_script(&world->endpoint, NULL, IT_IS("#0"));
        send(world);
        world_run_until(world, 10000);
        check_calls_were(world, "cqq");
        assert_string_equal(world_code(world, 0), "accepted");
        world_end(world);
    }
}

static void a_question_that_is_refused_changes_nothing(void **state)
{
    (void)state;
    struct world *world = new_world(false);
    world_endpoint_script(&world->endpoint, NULL, LOST);
    world_endpoint_script(&world->endpoint, NULL,
                          (struct world_reply){.fault = FAULT_ACCESS_DENIED});
    send(world);
    world_run_until(world, 10000);
    check_calls_were(world, "cqc");
    assert_string_equal(world_code(world, 0), "accepted");
    world_end(world);
}

static void an_answer_leaves_no_doubt(void **state)
{
    (void)state;
    const enum fault faults[] = {FAULT_THROTTLING, FAULT_SERVICE_UNAVAILABLE};
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct world *world = new_world(false);
        world_endpoint_script(&world->endpoint, NULL, (struct world_reply){.fault = faults[i]});
        send(world);
        world_run_until(world, 10000);
        check_calls_were(world, "cc");
        world_end(world);
    }
}

static void a_deadline_ends_doubt_too(void **state)
{
    (void)state;
    struct world *world = new_world(false);
    world->endpoint.usual = LOST;
    size_t number = send(world);
    world_run_until(world, 70000);
    assert_string_equal(world_code(world, number), "ServiceUnavailable");
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_took_effect_is_not_called_again),
        cmocka_unit_test(what_did_not_is_called_again),
        cmocka_unit_test(those_that_shared_the_call_share_the_doubt),
        cmocka_unit_test(a_question_may_have_to_be_asked_again),
        cmocka_unit_test(a_question_that_is_refused_changes_nothing),
        cmocka_unit_test(an_answer_leaves_no_doubt),
        cmocka_unit_test(a_deadline_ends_doubt_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
