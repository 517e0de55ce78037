#include "tests/check.h"
#include "tests/fakes/world.h"

#define TOPIC "jobs-bridge/things/pump/jobs/rollout/namespace-site/update"

static void it_is_planned_answered_and_told_to_no_thing(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.rate_per_second = 1, .burst = 1});
    size_t numbers[20];
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        numbers[i] = world_send(world, &(struct world_command){.thing = "pump",
                                                               .job = "rollout",
                                                               .namespace = "site",
                                                               .members = "\"dryRun\":true"});
    world_run_until(world, 0);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        const struct world_post *answer = world_answer(world, numbers[i]);
        assert_string_equal(world_code(world, numbers[i]), "accepted");
        assert_string_equal(answer->topic, TOPIC "/accepted");
        check_has(answer->payload, "\"dryRun\":true,\"request\":{\"method\":\"PATCH\"");
    }
    assert_int_equal(world->endpoint.count, 0);
    assert_int_equal(
        world_broker_posts(&world->broker, "$aws/things/pump/jobs/rollout/notify-namespace-site/"),
        0);
    world_end(world);
}

static void it_does_not_wait_for_its_job(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->endpoint.usual.takes_ms = 1000;
    size_t real = world_send(world, &(struct world_command){.thing = "pump", .job = "rollout"});
    size_t dry = world_send(
        world,
        &(struct world_command){.thing = "pump", .job = "rollout", .members = "\"dryRun\":true"});
    world_run_until(world, 10);
    assert_string_equal(world_code(world, real), "");
    assert_string_equal(world_code(world, dry), "accepted");
    world_run_until(world, 1000);
    world_end(world);
}

static void a_wrong_one_is_rejected(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    size_t wrong = world_send(
        world, &(struct world_command){.thing = "pump",
                                       .job = "rollout",
                                       .payload = "{\"description\":7,\"dryRun\":true}"});
    world_run_until(world, 0);
    assert_string_equal(world_code(world, wrong), "InvalidRequest");
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_planned_answered_and_told_to_no_thing),
        cmocka_unit_test(it_does_not_wait_for_its_job),
        cmocka_unit_test(a_wrong_one_is_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
