#include "tests/check.h"
#include "tests/fakes/world.h"

static void a_command_is_called_answered_and_told(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->endpoint.usual.takes_ms = 20;
    size_t pump = world_send(
        world, &(struct world_command){.thing = "pump", .job = "rollout", .namespace = "site"});
    world_run_until(world, 10);
    assert_true(world->arrivals[pump].is_acknowledged);
    assert_int_equal(bridge_books(world->bridge).in_flight, 1);
    assert_string_equal(world_code(world, pump), "");

    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.count, 1);
    const struct world_call *call = &world->endpoint.calls[0];
    assert_string_equal(call->job, "rollout");
    assert_string_equal(call->namespace, "site");
    assert_string_equal(call->body, "{\"description\":\"#0\"}");

    const struct world_post *answer = world_answer(world, pump);
    assert_int_equal(answer->at_ms, 20);
    assert_string_equal(answer->topic,
                        "jobs-bridge/things/pump/jobs/rollout/namespace-site/update/accepted");
    assert_string_equal(answer->payload,
                        "{\"clientToken\":\"t0\",\"timestamp\":1700000000,\"jobId\":\"rollout\","
                        "\"thingName\":\"pump\",\"namespaceId\":\"site\",\"requestId\":"
                        "\"request-0\",\"attempts\":1,\"coalesced\":1}");
    assert_int_equal(
        world_broker_posts(&world->broker, "$aws/things/pump/jobs/rollout/notify-namespace-site/"),
        1);
    assert_int_equal(world_broker_posts(&world->broker, "jobs-bridge/events/jobs/rollout"), 1);
    world_end(world);
}

static void each_is_answered_in_its_own_way(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world_endpoint_script(&world->endpoint, "gone",
                          (struct world_reply){.fault = FAULT_RESOURCE_NOT_FOUND});
    size_t operator= world_send(world, &(struct world_command){.job = "rollout"});
    size_t gone = world_send(world, &(struct world_command){.thing = "pump", .job = "gone"});
    size_t wrong = world_send(world, &(struct world_command){.thing = "p p", .job = "rollout"});
    size_t empty = world_send(world, &(struct world_command){.job = "rollout", .payload = "{}"});
    world_run_until(world, 1000);

    assert_string_equal(world_code(world, operator), "accepted");
    assert_string_equal(world_code(world, gone), "ResourceNotFound");
    check_has(world_answer(world, gone)->payload, "scripted ResourceNotFoundException");
    assert_string_equal(world_code(world, wrong), "InvalidTopic");
    assert_string_equal(world_answer(world, wrong)->topic,
                        "jobs-bridge/things/p p/jobs/rollout/update/rejected");
    assert_string_equal(world_code(world, empty), "InvalidRequest");
    assert_int_equal(world->endpoint.count, 2);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_called_answered_and_told),
        cmocka_unit_test(each_is_answered_in_its_own_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
