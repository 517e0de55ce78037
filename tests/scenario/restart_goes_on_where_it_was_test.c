#include "tests/check.h"
#include "tests/fakes/world.h"

static struct world *new_world(const struct world_options *more)
{
    struct world_options options = *more;
    options.redelivers = true;
    struct world *world = world_new(&options);
    world->endpoint.usual.takes_ms = 500;
    return world;
}

static size_t send(struct world *world, const char *job)
{
    return world_send(world, &(struct world_command){.thing = "pump", .job = job});
}

static void what_waits_at_a_clean_stop_is_called_by_the_next_one(void **state)
{
    (void)state;
    struct world *world = new_world(&(struct world_options){.max_in_flight = 1});
    size_t calling = send(world, "a");
    size_t behind = send(world, "a");
    size_t other = send(world, "b");
    world_run_until(world, 100);
    bridge_stop(world->bridge);
    assert_false(bridge_is_idle(world->bridge));
    world_run_until(world, 1000);
    assert_true(bridge_is_idle(world->bridge));
    assert_int_equal(bridge_books(world->bridge).waiting, 2);
    assert_string_equal(world_code(world, calling), "accepted");
    assert_string_equal(world_code(world, behind), "");
    assert_int_equal(world->endpoint.count, 1);

    world_crash(world);
    assert_int_equal(bridge_books(world->bridge).received, 3);
    assert_int_equal(bridge_books(world->bridge).accepted, 1);
    assert_int_equal(bridge_books(world->bridge).waiting, 2);
    world_run_until_idle(world, 5000);
    assert_string_equal(world_code(world, behind), "accepted");
    assert_string_equal(world_code(world, other), "accepted");
    assert_int_equal(world->endpoint.count, 3);
    check_has(world_answer(world, behind)->payload, "\"attempts\":1");
    world_end(world);
}

static void an_abandoned_call_is_made_again_by_the_next_one(void **state)
{
    (void)state;
    struct world *world = new_world(&(struct world_options){0});
    world_endpoint_script(&world->endpoint, "a", (struct world_reply){.is_never = true});
    size_t number = send(world, "a");
    world_run_until(world, 100);
    bridge_stop(world->bridge);
    world->is_abandoned = true;
    bridge_abandon(world->bridge);
    assert_true(bridge_is_idle(world->bridge));
    world_run_until(world, 200);
    assert_string_equal(world_code(world, number), "");
    world->is_abandoned = false;
    world_crash(world);
    world_run_until_idle(world, 5000);
    assert_string_equal(world_code(world, number), "accepted");
    world_end(world);
}

static void sleep_through(struct world *world, int64_t ms)
{
    world_kill(world);
    world->now_ms += ms;
    world_start(world);
}

static void deadlines_count_the_time_in_which_nobody_was_there(void **state)
{
    (void)state;
    struct world *world = new_world(&(struct world_options){.deadline_ms = 60000});
    world->endpoint.usual.takes_ms = 60000;
    size_t old = send(world, "a");
    size_t brief =
        world_send(world, &(struct world_command){.thing = "pump", .job = "b", .expires_in_s = 5});
    world_run_until(world, 1000);
    sleep_through(world, 10000);
    world_run_until(world, 11000);
    assert_string_equal(world_code(world, brief), "Expired");
    assert_string_equal(world_code(world, old), "");
    sleep_through(world, 60000);
    world_run_until_idle(world, 72000);
    assert_string_equal(world_code(world, old), "ServiceUnavailable");
    assert_int_equal(
        world_broker_posts(&world->broker, "jobs-bridge/things/pump/jobs/a/update/rejected"), 1);
    world_end(world);
}

/* The answer was committed, but not published; its request id and time are those of the call. */
static void a_decided_command_is_answered_as_it_was_decided(void **state)
{
    (void)state;
    struct world *world = new_world(&(struct world_options){0});
    size_t number = send(world, "a");
    world_run_until(world, 100);
    world_link(world, false);
    world_run_until(world, 3000);
    assert_int_equal(bridge_books(world->bridge).accepted, 1);
    sleep_through(world, 3600000);
    world_link(world, true);
    world_run_until_idle(world, world->now_ms + 5000);
    const struct world_post *answer = world_answer(world, number);
    check_has(answer->payload, "\"requestId\":\"request-0\"");
    check_has(answer->payload, "\"timestamp\":1700000000");
    assert_int_equal(world->endpoint.count, 1);
    assert_int_equal(bridge_books(world->bridge).accepted, 1);
    world_end(world);
}

static void the_order_of_a_job_is_kept(void **state)
{
    (void)state;
    struct world *world = new_world(&(struct world_options){0});
    for (int i = 0; i < 5; i++)
        send(world, "a");
    for (int i = 0; i < 12; i++) {
        world_run_until(world, world->now_ms + 300);
        world_crash(world);
    }
    world_run_until_idle(world, world->now_ms + 10000);
    for (size_t i = 1; i < world->endpoint.count; i++)
        assert_true(world_number_of(&world->endpoint.calls[i - 1]) <=
                    world_number_of(&world->endpoint.calls[i]));
    world_end(world);
}

/* The wall clock is put back between two commands of one call; nobody knows whether the call took
 * effect. Made again without the later one, it would take the job back. */
static void who_shared_a_call_shares_it_again(void **state)
{
    (void)state;
    struct world *world = new_world(&(struct world_options){.coalesces = true});
    send(world, "a");
    world->wall_shift_ms = -5;
    send(world, "a");
    world_run_until(world, 100);
    assert_int_equal(world->endpoint.count, 1);
    world_crash(world);
    world_run_until_idle(world, 5000);
    assert_int_equal(world->endpoint.count, 2);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_at_a_clean_stop_is_called_by_the_next_one),
        cmocka_unit_test(an_abandoned_call_is_made_again_by_the_next_one),
        cmocka_unit_test(deadlines_count_the_time_in_which_nobody_was_there),
        cmocka_unit_test(a_decided_command_is_answered_as_it_was_decided),
        cmocka_unit_test(the_order_of_a_job_is_kept),
        cmocka_unit_test(who_shared_a_call_shares_it_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
