#include "tests/check.h"
#include "tests/fakes/world.h"

#define HEAD "jobs-bridge/things/"
#define TAIL "/jobs/rollout/update"

static size_t send(struct world *world, const char *job)
{
    return world_send(world, &(struct world_command){.thing = "pump", .job = job});
}

static void refused_by_the_broker(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->broker.refusals = 1;
    send(world, "first");
    size_t second = send(world, "second");
    world_run_until(world, 1000);
    assert_int_equal(bridge_books(world->bridge).undelivered, 1);
    assert_int_equal(bridge_books(world->bridge).accepted, 2);
    assert_string_equal(world_code(world, second), "accepted");
    assert_true(bridge_is_idle(world->bridge));
    world_free(world);
}

/* The longest topic that MQTT lets arrive; with /rejected it is longer than one may be. */
static void a_topic_too_long_to_be_answered(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    static char topic[UINT16_MAX + 1];
    memset(topic, 'x', UINT16_MAX);
    memcpy(topic, HEAD, sizeof HEAD - 1);
    memcpy(topic + UINT16_MAX - (sizeof TAIL - 1), TAIL, sizeof TAIL);
    size_t endless = world_send(world, &(struct world_command){.topic = topic});
    size_t other = send(world, "rollout");
    world_run_until(world, 1000);
    assert_string_equal(world_code(world, endless), "");
    assert_string_equal(world_code(world, other), "accepted");
    assert_null(world_journal_row(&world->journal, endless)->buried);
    assert_int_equal(bridge_books(world->bridge).undelivered, 1);
    assert_int_equal(bridge_books(world->bridge).rejected, 1);
    assert_true(bridge_is_idle(world->bridge));
    world_free(world);
}

static void more_than_the_broker_takes(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->broker.payload_max = 250;
    size_t dry = world_send(world, &(struct world_command){.thing = "pump",
                                                           .job = "rollout",
                                                           .namespace = "site",
                                                           .members = "\"dryRun\":true"});
    size_t other = send(world, "rollout");
    world_run_until(world, 1000);
    assert_string_equal(world_code(world, dry), "");
    assert_string_equal(world_code(world, other), "accepted");
    assert_int_equal(bridge_books(world->bridge).undelivered, 1);
    assert_true(bridge_is_idle(world->bridge));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_by_the_broker),
        cmocka_unit_test(a_topic_too_long_to_be_answered),
        cmocka_unit_test(more_than_the_broker_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
