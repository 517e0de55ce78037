#include "tests/check.h"
#include "tests/fakes/world.h"

#define TIMEOUT "\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":7}"

static struct world *new_world(void)
{
    struct world *world = world_new(&(struct world_options){.coalesces = true});
    world->endpoint.usual.takes_ms = 100;
    return world;
}

static size_t send(struct world *world, const char *thing, const char *job)
{
    return world_send(world, &(struct world_command){.thing = thing, .job = job});
}

static void check_answer(const struct world *world, size_t number, const char *part)
{
    const struct world_post *answer = world_answer(world, number);
    assert_non_null(answer);
    check_has(answer->payload, part);
}

static void what_waits_for_a_job_is_one_call(void **state)
{
    (void)state;
    struct world *world = new_world();
    const char *things[] = {"pump", "fan", "valve", "pump", NULL};
    for (size_t i = 0; i < COUNT_OF(things); i++)
        send(world, things[i], "rollout");
    world_run_until(world, 50);
    assert_int_equal(bridge_books(world->bridge).in_flight, 5);
    assert_int_equal(bridge_books(world->bridge).open_calls, 1);
    size_t late = send(world, "fan", "rollout"); /* the call is under way: the next one */
    world_run_until(world, 300);
    assert_int_equal(world->endpoint.count, 2);
    assert_string_equal(world->endpoint.calls[0].body, "{\"description\":\"#4\"}");
    for (size_t i = 0; i < COUNT_OF(things); i++) {
        assert_string_equal(world_code(world, i), "accepted");
        check_answer(world, i, "\"attempts\":1,\"coalesced\":5");
        check_answer(world, i, "\"requestId\":\"request-0\"");
    }
    check_answer(world, late, "\"coalesced\":1");
    assert_int_equal(world_answer(world, late)->at_ms, 200);
    world_end(world);
}

static void each_is_notified_of_its_own_members(void **state)
{
    (void)state;
    struct world *world = new_world();
    struct world_command first = {.thing = "pump", .job = "rollout", .namespace = "site"};
    struct world_command second = first;
    second.thing = "fan";
    second.payload = "{" TIMEOUT "}";
    world_send(world, &first);
    world_send(world, &second);
    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.count, 1);
    assert_string_equal(world->endpoint.calls[0].body, "{\"description\":\"#0\"," TIMEOUT "}");
    const struct world_post *to_pump = world_broker_post(
        &world->broker, "$aws/things/pump/jobs/rollout/notify-namespace-site/", 0);
    const struct world_post *to_fan =
        world_broker_post(&world->broker, "$aws/things/fan/jobs/rollout/notify-namespace-site/", 0);
    check_has(to_pump->payload, "\"update\":{\"description\":\"#0\"}");
    check_has(to_fan->payload, "\"update\":{" TIMEOUT "}");
    world_end(world);
}

static void another_namespace_is_another_call(void **state)
{
    (void)state;
    struct world *world = new_world();
    const char *namespaces[] = {"a", "a", "b", NULL, NULL, "a"};
    for (size_t i = 0; i < COUNT_OF(namespaces); i++)
        world_send(world, &(struct world_command){
                              .thing = "pump", .job = "rollout", .namespace = namespaces[i]});
    world_run_until(world, 1000);
    const char *called[] = {"a", "b", NULL, "a"};
    assert_int_equal(world->endpoint.count, COUNT_OF(called));
    for (size_t i = 0; i < COUNT_OF(called); i++) {
        if (called[i] == NULL)
            assert_null(world->endpoint.calls[i].namespace);
        else
            assert_string_equal(world->endpoint.calls[i].namespace, called[i]);
    }
    world_end(world);
}

/* Refuses every body that says so. */
static struct world_reply refuse_bad(void *context, const struct world_call *call)
{
    (void)context;
    bool is_bad = strstr(call->body, "\"inProgressTimeoutInMinutes\":7") != NULL;
    return (struct world_reply){.fault = is_bad ? FAULT_INVALID_REQUEST : FAULT_OK, .takes_ms = 10};
}

static void one_bad_command_spoils_no_other(void **state)
{
    (void)state;
    struct world *world = new_world();
    world->endpoint.decide = refuse_bad;
    size_t numbers[5];
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        numbers[i] = world_send(world, &(struct world_command){.thing = "pump",
                                                               .job = "rollout",
                                                               .members = i == 2 ? TIMEOUT : NULL});
    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.count, 1 + 5);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        assert_int_equal(world_number_of(&world->endpoint.calls[1 + i]), numbers[i]);
        assert_string_equal(world_code(world, numbers[i]), i == 2 ? "InvalidRequest" : "accepted");
        if (i != 2)
            check_answer(world, numbers[i], "\"attempts\":2,\"coalesced\":1");
    }
    world_end(world);
}

static void one_bad_command_of_a_thousand_costs_tens_of_calls(void **state)
{
    (void)state;
    struct world *world = new_world();
    world->endpoint.decide = refuse_bad;
    for (size_t i = 0; i < 1000; i++)
        world_send(world, &(struct world_command){.thing = "pump",
                                                  .job = "rollout",
                                                  .members = i == 617 ? TIMEOUT : NULL});
    world_run_until(world, 10000);
    assert_true(world->endpoint.count <= 50);
    assert_int_equal(bridge_books(world->bridge).accepted, 999);
    assert_string_equal(world_code(world, 617), "InvalidRequest");
    world_end(world);
}

static void what_is_said_of_the_job_is_said_to_all(void **state)
{
    (void)state;
    struct world *world = new_world();
    world->endpoint.usual.fault = FAULT_RESOURCE_NOT_FOUND;
    for (size_t i = 0; i < 20; i++)
        send(world, "pump", "rollout");
    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.count, 1);
    for (size_t i = 0; i < 20; i++)
        assert_string_equal(world_code(world, i), "ResourceNotFound");
    world_end(world);
}

static void what_expired_is_left_out(void **state)
{
    (void)state;
    struct world *world = new_world();
    world_endpoint_script(&world->endpoint, "rollout",
                          (struct world_reply){.takes_ms = 1500, .fault = FAULT_TRANSPORT});
    size_t expires = world_send(
        world, &(struct world_command){.thing = "fan", .job = "rollout", .expires_in_s = 1});
    size_t later = send(world, "pump", "rollout");
    world_run_until(world, 1499);
    assert_string_equal(world_code(world, expires), ""); /* the call may have taken effect */
    world_run_until(world, 5000);
    assert_string_equal(world_code(world, expires), "Expired");
    assert_int_equal(world_answer(world, expires)->at_ms, 1500);
    assert_string_equal(world_code(world, later), "accepted");
    check_answer(world, later, "\"attempts\":2,\"coalesced\":1");
    assert_string_equal(world->endpoint.calls[1].body, "{\"description\":\"#1\"}");
    world_end(world);
}

/* Otherwise it might be in effect and gone, and the one before it be called again, after it. */
static void what_may_expire_joins_none_before_it(void **state)
{
    (void)state;
    struct world *world = new_world();
    send(world, "pump", "rollout");
    world_send(world,
               &(struct world_command){.thing = "fan", .job = "rollout", .expires_in_s = 60});
    send(world, "pump", "rollout");
    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.count, 2);
    assert_string_equal(world->endpoint.calls[0].body, "{\"description\":\"#0\"}");
    check_answer(world, 1, "\"coalesced\":2");
    check_answer(world, 2, "\"coalesced\":2");
    world_end(world);
}

/* As when each device gives its commands a minute. */
static void what_expires_in_order_shares_calls(void **state)
{
    (void)state;
    struct world *world = new_world();
    for (int i = 0; i < 10; i++) {
        world_send(world,
                   &(struct world_command){.thing = "fan", .job = "rollout", .expires_in_s = 60});
        world->now_ms += 5;
    }
    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.count, 1);
    check_answer(world, 9, "\"coalesced\":10");
    world_end(world);
}

static void a_failed_call_is_tried_again_with_what_came_meanwhile(void **state)
{
    (void)state;
    struct world *world = new_world();
    world_endpoint_script(&world->endpoint, "rollout",
                          (struct world_reply){.takes_ms = 100, .fault = FAULT_TRANSPORT});
    send(world, "pump", "rollout");
    send(world, "pump", "rollout");
    world_run_until(world, 50);
    send(world, "pump", "rollout");
    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.count, 2);
    check_answer(world, 1, "\"attempts\":2,\"coalesced\":3");
    check_answer(world, 2, "\"attempts\":1,\"coalesced\":3");
    world_end(world);
}

static void a_stop_ends_all_that_share_a_call(void **state)
{
    (void)state;
    struct world *world =
        world_new(&(struct world_options){.coalesces = true, .is_forgetful = true});
    world->endpoint.usual.is_never = true;
    for (size_t i = 0; i < 3; i++)
        send(world, "pump", "rollout");
    world_turn(world);
    bridge_stop(world->bridge);
    world->is_abandoned = true;
    bridge_abandon(world->bridge);
    world_run_until(world, 100);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(world_code(world, i), "ServiceUnavailable");
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_for_a_job_is_one_call),
        cmocka_unit_test(each_is_notified_of_its_own_members),
        cmocka_unit_test(another_namespace_is_another_call),
        cmocka_unit_test(one_bad_command_spoils_no_other),
        cmocka_unit_test(one_bad_command_of_a_thousand_costs_tens_of_calls),
        cmocka_unit_test(what_is_said_of_the_job_is_said_to_all),
        cmocka_unit_test(what_expired_is_left_out),
        cmocka_unit_test(what_may_expire_joins_none_before_it),
        cmocka_unit_test(what_expires_in_order_shares_calls),
        cmocka_unit_test(a_failed_call_is_tried_again_with_what_came_meanwhile),
        cmocka_unit_test(a_stop_ends_all_that_share_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
