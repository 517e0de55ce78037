/* A journal that cannot be written, or has no room: nothing leaves, nothing is lost. */
#include "tests/check.h"
#include "tests/fakes/world.h"

static struct world *new_world(void)
{
    struct world *world = world_new(&(struct world_options){.redelivers = true});
    world->endpoint.usual.takes_ms = 100;
    return world;
}

static size_t send(struct world *world, const char *job)
{
    return world_send(world, &(struct world_command){.thing = "pump", .job = job});
}

static void nothing_leaves_before_a_commit(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = send(world, "rollout");
    world->journal.commit_fails = 1;
    bridge_turn(world->bridge);
    const char *reason;
    assert_true(bridge_is_broken(world->bridge, &reason));
    check_has(reason, "scripted disk");
    assert_int_equal(world->broker.ack_count, 0);
    assert_int_equal(world->endpoint.count, 0);
    bridge_turn(world->bridge); /* and it stays so */
    send(world, "rollout");
    bridge_turn(world->bridge);
    assert_int_equal(world->broker.ack_count, 0);

    world_crash(world); /* what the daemon makes of it */
    world_run_until_idle(world, 10000);
    assert_string_equal(world_code(world, number), "accepted");
    assert_int_equal(world->endpoint.count, 2);
    world_end(world);
}

/* Each change of the main story in turn. */
static void whatever_change_fails_it_recovers(void **state)
{
    (void)state;
    for (unsigned at = 1; at < 40; at++) {
        struct world *world = new_world();
        world->journal.fails_in = at;
        send(world, "rollout");
        send(world, "rollout");
        world_run_until(world, 50);
        send(world, "other");
        world_run_until(world, 300);
        world_send(world, &(struct world_command){.job = "no.job"});
        world_run_until_idle(world, 10000);
        world_run_until(world, 20000); /* what is finished is noted later */
        assert_int_equal(world->broker.life, world->journal.fails_in == 0);
        for (size_t number = 0; number < 4; number++)
            assert_string_equal(world_code(world, number),
                                number < 3 ? "accepted" : "InvalidTopic");
        world_end(world);
    }
}

static void commits_that_keep_failing_are_tried_until_they_work(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = send(world, "rollout");
    world->journal.commit_fails = 5;
    world_run_until_idle(world, 10000);
    assert_int_equal(world->broker.life, 5);
    assert_string_equal(world_code(world, number), "accepted");
    world_end(world);
}

static void without_room_commands_stay_with_the_broker(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t taken = send(world, "a");
    world->journal.is_full = true;
    size_t parked[3];
    for (size_t i = 0; i < COUNT_OF(parked); i++)
        parked[i] = send(world, i == 1 ? "b" : "a");
    size_t loose =
        world_send(world, &(struct world_command){.thing = "pump", .job = "a", .is_qos0 = true});
    world_run_until(world, 1000);
    assert_string_equal(world_code(world, taken), "accepted"); /* what was taken in is finished */
    assert_string_equal(world_code(world, loose), "RequestThrottled");
    for (size_t i = 0; i < COUNT_OF(parked); i++)
        assert_false(world->arrivals[parked[i]].is_acknowledged);

    world->journal.is_full = false;
    size_t last = send(world, "a"); /* behind those that wait longer */
    world_run_until(world, 5000);
    for (size_t i = 0; i < COUNT_OF(parked); i++)
        assert_string_equal(world_code(world, parked[i]), "accepted");
    assert_string_equal(world_code(world, last), "accepted");
    assert_int_equal(world_number_of(&world->endpoint.calls[1]), parked[0]);
    assert_int_equal(world->journal.rows[1].number, parked[0]);
    assert_int_equal(world->journal.rows[4].number, last);
    world_end(world);
}

static void what_was_parked_comes_again_after_a_lost_link(void **state)
{
    (void)state;
    struct world *world = new_world();
    world->journal.is_full = true;
    size_t parked = send(world, "a");
    world_run_until(world, 1000);
    world_link(world, false);
    world->journal.is_full = false;
    world_run_until(world, 2000);
    assert_int_equal(bridge_books(world->bridge).received, 0);
    world_link(world, true);
    world_run_until(world, 3000);
    assert_string_equal(world_code(world, parked), "accepted");
    assert_int_equal(world->endpoint.count, 1);
    world_end(world);
}

static void a_repeat_among_the_parked_is_a_repeat(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = send(world, "a");
    world_run_until(world, 1000);
    world->journal.is_full = true;
    world_send_again(world, number, true);
    world_run_until(world, 2000);
    assert_false(world->arrivals[number].is_acknowledged);
    world->journal.is_full = false;
    world_turn(world);
    world_run_until(world, 3000);
    assert_true(world->arrivals[number].is_acknowledged);
    assert_int_equal(world->endpoint.count, 1);
    world_end(world);
}

/* It fails in search of room, while nothing else is going on. */
static void a_failure_that_shows_as_no_room_is_found(void **state)
{
    (void)state;
    struct world *world = new_world();
    world->journal.is_failed = true;
    size_t number = send(world, "a");
    world_run_until(world, 1000);
    assert_int_equal(world->broker.life, 1);
    world_run_until_idle(world, 5000);
    assert_string_equal(world_code(world, number), "accepted");
    world_end(world);
}

static void what_cannot_be_published_is_a_dead_letter(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = send(world, "a");
    world_run_until(world, 50);
    world->broker.refusals = 1;
    world_run_until_idle(world, 10000);
    const struct world_row *row = world_journal_row(&world->journal, number);
    assert_non_null(row->buried);
    assert_string_equal(row->buried, "its answer was refused by the broker");
    world_run_until(world, 20000);
    assert_int_equal(row->committed, JOURNAL_FINISHED);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leaves_before_a_commit),
        cmocka_unit_test(whatever_change_fails_it_recovers),
        cmocka_unit_test(commits_that_keep_failing_are_tried_until_they_work),
        cmocka_unit_test(without_room_commands_stay_with_the_broker),
        cmocka_unit_test(what_was_parked_comes_again_after_a_lost_link),
        cmocka_unit_test(a_repeat_among_the_parked_is_a_repeat),
        cmocka_unit_test(a_failure_that_shows_as_no_room_is_found),
        cmocka_unit_test(what_cannot_be_published_is_a_dead_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
