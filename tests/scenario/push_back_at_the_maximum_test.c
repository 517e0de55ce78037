#include "base/limits.h"
#include "tests/check.h"
#include "tests/fakes/world.h"

static size_t send(struct world *world, bool is_qos0)
{
    return world_send(world, &(struct world_command){.job = "rollout", .is_qos0 = is_qos0});
}

/* One in a call, and with it as many undecided as may be. */
static struct world *new_full_world(void)
{
    struct world *world = world_new(&(struct world_options){.deadline_ms = 3600000});
    world_endpoint_script(&world->endpoint, NULL, (struct world_reply){.takes_ms = 1000});
    world->endpoint.usual.is_never = true;
    send(world, false);
    world_turn(world);
    for (int i = 1; i < LIMITS_WAITING; i++) {
        send(world, false);
        if (i % 1000 == 999) /* a broker has 65,535 unacknowledged at most */
            world_turn(world);
    }
    world_turn(world);
    assert_int_equal(bridge_books(world->bridge).waiting, LIMITS_WAITING - 1);
    assert_int_equal(world->broker.ack_count, LIMITS_WAITING);
    return world;
}

static void acknowledgements_are_held_until_there_is_room(void **state)
{
    (void)state;
    struct world *world = new_full_world();
    size_t over = send(world, false);
    world_run_until(world, 999);
    assert_false(world->arrivals[over].is_taken);
    assert_false(world->arrivals[over].is_acknowledged);
    world_run_until(world, 1000); /* one is decided, the next call starts */
    assert_true(world->arrivals[over].is_taken);
    assert_int_equal(bridge_books(world->bridge).waiting, LIMITS_WAITING - 1);
    assert_true(world->arrivals[over].is_acknowledged);
    world_free(world);
}

static void what_cannot_be_held_back_is_refused(void **state)
{
    (void)state;
    struct world *world = new_full_world();
    size_t over = send(world, true);
    world_run_until(world, 10);
    assert_string_equal(world_code(world, over), "RequestThrottled");
    check_has(world_answer(world, over)->payload, "\"retryAfter\":20");
    assert_int_equal(bridge_books(world->bridge).waiting, LIMITS_WAITING - 1);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledgements_are_held_until_there_is_room),
        cmocka_unit_test(what_cannot_be_held_back_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
