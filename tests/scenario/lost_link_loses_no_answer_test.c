#include "tests/check.h"
#include "tests/fakes/world.h"

static size_t send(struct world *world, const char *job)
{
    return world_send(world, &(struct world_command){.thing = "pump", .job = job});
}

static void an_answer_decided_without_a_link_waits_for_one(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->endpoint.usual.takes_ms = 100;
    size_t number = send(world, "rollout");
    world_run_until(world, 50);
    world_link(world, false);
    world_run_until(world, 5000);
    assert_int_equal(bridge_books(world->bridge).accepted, 1);
    assert_string_equal(world_code(world, number), "");
    assert_false(bridge_is_idle(world->bridge));

    world_link(world, true);
    world_run_until(world, 5000);
    assert_string_equal(world_code(world, number), "accepted");
    check_has(world_answer(world, number)->payload, "\"timestamp\":1700000000");
    assert_int_equal(world->endpoint.count, 1);
    world_end(world);
}

static void what_was_not_acknowledged_is_sent_again_in_order(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->broker.delivers_in_ms = WORLD_WITHHELD;
    for (int i = 0; i < 3; i++)
        send(world, "rollout"); /* an answer and an event each */
    world_run_until(world, 10);
    assert_int_equal(world->broker.count, 6);
    world_deliver(world, 3);
    world_link(world, false);
    world_run_until(world, 20);
    world_link(world, true);
    world_run_until(world, 30);
    assert_int_equal(world->broker.count, 9);
    for (size_t i = 0; i < 3; i++) {
        const struct world_post *first = &world->broker.posts[3 + i];
        const struct world_post *again = &world->broker.posts[6 + i];
        assert_string_equal(first->topic, again->topic);
        assert_string_equal(first->payload, again->payload);
    }
    world_deliver(world, 3);
    world_end(world);
}

static void a_link_lost_again_and_again(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->broker.window = 2;
    world->broker.delivers_in_ms = WORLD_WITHHELD;
    for (int i = 0; i < 10; i++)
        send(world, "rollout");
    for (int64_t at_ms = 1; !world_is_at_rest(world); at_ms++) {
        assert_true(at_ms < 100);
        world_run_until(world, at_ms);
        world_deliver(world, 1);
        world_link(world, false);
        world_link(world, true);
    }
    world_end(world);
}

static void an_acknowledgement_never_outlives_its_link(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    size_t first = send(world, "rollout");
    world_link(world, false); /* before the bridge had its turn */
    world_run_until(world, 10);
    world_link(world, true);
    size_t second = send(world, "rollout");
    world_run_until(world, 20);
    assert_false(world->arrivals[first].is_acknowledged);
    assert_true(world->arrivals[second].is_acknowledged);
    world_end(world);
}

static void acknowledgements_do_not_wait_for_answers(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->endpoint.usual.is_never = true;
    for (int i = 0; i < 5; i++)
        send(world, "rollout");
    world_send(world, &(struct world_command){.thing = "pump", .job = "rollout", .is_qos0 = true});
    world_turn(world);
    assert_int_equal(world->broker.ack_count, 5); /* nothing to acknowledge at QoS 0 */
    world_free(world);
}

static void a_post_that_was_not_taken_leaves_with_a_later_turn(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->broker.publish_faults = 3;
    size_t number = send(world, "rollout");
    for (int turns = 0; turns < 5; turns++)
        world_run_until(world, turns);
    assert_string_equal(world_code(world, number), "accepted");
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_decided_without_a_link_waits_for_one),
        cmocka_unit_test(what_was_not_acknowledged_is_sent_again_in_order),
        cmocka_unit_test(a_link_lost_again_and_again),
        cmocka_unit_test(an_acknowledgement_never_outlives_its_link),
        cmocka_unit_test(acknowledgements_do_not_wait_for_answers),
        cmocka_unit_test(a_post_that_was_not_taken_leaves_with_a_later_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
