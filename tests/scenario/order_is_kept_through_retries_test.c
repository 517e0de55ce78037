#include "tests/check.h"
#include "tests/fakes/world.h"

static size_t send(struct world *world, const char *job)
{
    return world_send(world, &(struct world_command){.thing = "pump", .job = job});
}

/* world_check_calls holds the order of calls; here, that nobody waits for somebody else's job. */
static void a_job_that_fails_does_not_hold_up_the_others(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->endpoint.usual.takes_ms = 10;
    for (int i = 0; i < 4; i++)
        world_endpoint_script(&world->endpoint, "sick",
                              (struct world_reply){.fault = FAULT_INTERNAL_FAILURE});
    size_t sick[3];
    size_t well[3];
    for (size_t i = 0; i < 3; i++) {
        sick[i] = send(world, "sick");
        well[i] = send(world, "well");
    }
    world_run_until(world, 40);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(world_code(world, well[i]), "accepted");
        assert_string_equal(world_code(world, sick[i]), "");
    }

    world_run_until(world, 10000);
    /* Pauses of 50, 100, 200 and 400 ms, then a call of 10 ms each. */
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(world_code(world, sick[i]), "accepted");
        assert_int_equal(world_answer(world, sick[i])->at_ms, 760 + 10 * (int64_t)i);
    }
    check_has(world_answer(world, sick[0])->payload, "\"attempts\":5");
    check_has(world_answer(world, sick[1])->payload, "\"attempts\":1");
    assert_int_equal(world_endpoint_calls(&world->endpoint, "sick", 0, 10000), 7);
    world_end(world);
}

static void every_kind_of_passing_fault_is_tried_again(void **state)
{
    (void)state;
    for (int fault = FAULT_OK + 1; fault < FAULT_COUNT; fault++) {
        struct world *world = world_new(&(struct world_options){0});
        world_endpoint_script(&world->endpoint, NULL,
                              (struct world_reply){.fault = (enum fault)fault});
        size_t first = send(world, "rollout");
        size_t second = send(world, "rollout");
        world_run_until(world, 30000);
        bool is_permanent = fault_class_of((enum fault)fault) == FAULT_PERMANENT;
        assert_string_equal(world_code(world, first),
                            is_permanent ? reject_name(reject_of_fault((enum fault)fault))
                                         : "accepted");
        assert_string_equal(world_code(world, second), "accepted");
        assert_int_equal(world->endpoint.count, is_permanent ? 2 : 3);
        world_end(world);
    }
}

static void a_call_that_cannot_start_is_tried_again(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world_endpoint_script(&world->endpoint, NULL, (struct world_reply){.start_err = ERR_NO_MEMORY});
    size_t first = send(world, "rollout");
    world_run_until(world, 1000);
    assert_string_equal(world_code(world, first), "accepted");
    assert_int_equal(world->endpoint.count, 2);
    assert_int_equal(world_answer(world, first)->at_ms, 50);
    world_end(world);
}

static void as_many_calls_at_once_as_may_be(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.max_in_flight = 3});
    world->endpoint.usual.takes_ms = 100;
    const char *jobs[] = {"a", "b", "c", "d", "a", "b", "c", "d"};
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        send(world, jobs[i]);
    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.open_most, 3);
    assert_int_equal(world->endpoint.calls[7].started_ms, 200);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_fails_does_not_hold_up_the_others),
        cmocka_unit_test(every_kind_of_passing_fault_is_tried_again),
        cmocka_unit_test(a_call_that_cannot_start_is_tried_again),
        cmocka_unit_test(as_many_calls_at_once_as_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
