#include "tests/check.h"
#include "tests/fakes/world.h"

/* Without a journal: nobody would remember what is not answered before the end. */
static struct world *new_world(unsigned max_in_flight)
{
    return world_new(&(struct world_options){.max_in_flight = max_in_flight, .is_forgetful = true});
}

static size_t send(struct world *world, const char *job)
{
    return world_send(world, &(struct world_command){.thing = "pump", .job = job});
}

static void what_is_in_a_call_ends_and_what_waits_is_answered(void **state)
{
    (void)state;
    struct world *world = new_world(1);
    world->endpoint.usual.takes_ms = 500;
    size_t calling = send(world, "a");
    size_t behind = send(world, "a");
    size_t waiting = send(world, "b");
    world_run_until(world, 100);
    bridge_stop(world->bridge);
    size_t late = send(world, "c");
    world_run_until(world, 400);
    assert_string_equal(world_code(world, calling), "");
    assert_string_equal(world_code(world, behind), "ServiceUnavailable");
    assert_string_equal(world_code(world, waiting), "ServiceUnavailable");
    assert_false(world->arrivals[late].is_taken);
    assert_false(bridge_is_idle(world->bridge));

    world_run_until(world, 500);
    assert_string_equal(world_code(world, calling), "accepted");
    assert_int_equal(world->endpoint.count, 1);
    assert_false(world->arrivals[late].is_acknowledged); /* so the broker keeps it */
    world_end(world);
}

static void a_pausing_command_is_answered(void **state)
{
    (void)state;
    struct world *world = new_world(8);
    world_endpoint_script(&world->endpoint, NULL,
                          (struct world_reply){.fault = FAULT_THROTTLING, .retry_after_ms = 9000});
    size_t pausing = send(world, "a");
    world_run_until(world, 100);
    bridge_stop(world->bridge);
    world_run_until(world, 100);
    assert_string_equal(world_code(world, pausing), "ServiceUnavailable");
    world_end(world);
}

static void a_call_that_fails_during_the_stop_is_not_tried_again(void **state)
{
    (void)state;
    const enum fault faults[] = {FAULT_INTERNAL_FAILURE, FAULT_THROTTLING, FAULT_EXPIRED_TOKEN};
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct world *world = new_world(8);
        world->endpoint.usual = (struct world_reply){.fault = faults[i], .takes_ms = 500};
        size_t calling = send(world, "a");
        world_run_until(world, 100);
        bridge_stop(world->bridge);
        world_run_until(world, 600);
        assert_string_equal(world_code(world, calling), "ServiceUnavailable");
        check_has(world_answer(world, calling)->payload, fault_name(faults[i]));
        world_end(world);
    }
}

static void a_call_that_does_not_end_is_abandoned(void **state)
{
    (void)state;
    struct world *world = new_world(8);
    world_endpoint_script(&world->endpoint, "never", (struct world_reply){.is_never = true});
    world_endpoint_script(&world->endpoint, "late", (struct world_reply){.takes_ms = 9000});
    size_t never = send(world, "never");
    size_t late = send(world, "late");
    world_run_until(world, 100);
    bridge_stop(world->bridge);
    world_run_until(world, 4000);
    assert_string_equal(world_code(world, never), "");
    world->is_abandoned = true;
    bridge_abandon(world->bridge);
    world_run_until(world, 4000);
    assert_string_equal(world_code(world, never), "ServiceUnavailable");
    assert_string_equal(world_code(world, late), "ServiceUnavailable");
    check_has(world_answer(world, late)->payload, "may have taken effect");

    world_run_until(world, 10000); /* the late reply finds nobody */
    assert_int_equal(bridge_books(world->bridge).accepted, 0);
    assert_int_equal(bridge_books(world->bridge).rejected, 2);
    world_end(world);
}

static void answers_not_delivered_keep_it_busy(void **state)
{
    (void)state;
    struct world *world = new_world(8);
    world->broker.delivers_in_ms = WORLD_WITHHELD;
    send(world, "a");
    world_run_until(world, 100);
    bridge_stop(world->bridge);
    world_run_until(world, 200);
    assert_false(bridge_is_idle(world->bridge));
    world_deliver(world, 1);
    assert_false(bridge_is_idle(world->bridge));
    world_deliver(world, 1);
    assert_true(bridge_is_idle(world->bridge));
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_a_call_ends_and_what_waits_is_answered),
        cmocka_unit_test(a_pausing_command_is_answered),
        cmocka_unit_test(a_call_that_fails_during_the_stop_is_not_tried_again),
        cmocka_unit_test(a_call_that_does_not_end_is_abandoned),
        cmocka_unit_test(answers_not_delivered_keep_it_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
