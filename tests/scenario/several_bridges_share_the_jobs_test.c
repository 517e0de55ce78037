#include "tests/check.h"
#include "tests/fakes/world.h"

/* Of two bridges the first owns job-4, the second job-1. */
#define OWN   "job-4"
#define OTHER "job-1"

static struct world *new_world(unsigned index)
{
    return world_new(
        &(struct world_options){.partition = {.index = index, .count = 2}, .redelivers = true});
}

static size_t send(struct world *world, const char *job)
{
    return world_send(world, &(struct world_command){.thing = "pump", .job = job});
}

static struct bridge_books books(const struct world *world)
{
    return bridge_books(world->bridge);
}

static void commands_of_others_are_acknowledged_and_nothing_else(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    size_t first = send(world, OTHER);
    size_t own = send(world, OWN);
    size_t last = send(world, OTHER);
    world_run_until(world, 1000);
    assert_string_equal(world_code(world, own), "accepted");
    assert_int_equal(world->endpoint.count, 1);
    assert_int_equal(world->journal.count, 1);
    assert_int_equal(world->broker.ack_count, 3);
    assert_true(world->arrivals[first].is_acknowledged && world->arrivals[last].is_acknowledged);
    assert_string_equal(world_code(world, first), "");
    assert_int_equal(books(world).elsewhere, 2);
    assert_int_equal(books(world).received, 1);
    world_end(world);
}

/* Whoever sends at QoS 0, repeats a command or sends nonsense, one bridge alone deals with it. */
static void one_bridge_alone_deals_with_a_job(void **state)
{
    (void)state;
    static const struct world_command commands[] = {
        {.thing = "pump", .job = OTHER, .namespace = "plant"},
        {.job = OTHER},
        {.job = OTHER, .is_qos0 = true},
        {.job = OTHER, .is_retained = true},
        {.job = OTHER, .payload = "{"},
        {.topic = "jobs-bridge/things/a pump/jobs/" OTHER "/update", .payload = "{}"},
        {.topic = "jobs-bridge/jobs/" OTHER "/not-a-namespace/update", .payload = "{}"},
        {.topic = "old-root/jobs/" OTHER "/update", .payload = "{}"},
    };
    struct world *first = new_world(0);
    struct world *second = new_world(1);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        assert_int_equal(world_send(first, &commands[i]), i);
        assert_int_equal(world_send(second, &commands[i]), i);
    }
    world_run_until(first, 1000);
    world_run_until(second, 1000);
    assert_int_equal(books(first).elsewhere, COUNT_OF(commands));
    assert_int_equal(books(first).received, 0);
    assert_int_equal(books(second).elsewhere, 0);
    assert_int_equal(books(second).received, COUNT_OF(commands));
    assert_int_equal(books(second).rejected_for[REJECT_INVALID_TOPIC], 3);
    assert_int_equal(first->broker.count, 0);
    world_end(first);
    world_end(second);
}

static size_t notice(struct world *world, const char *topic, const char *payload)
{
    return world_send(
        world, &(struct world_command){
                   .topic = topic, .payload = payload, .from = SIDE_UPSTREAM, .is_notice = true});
}

/* The first bridge has the thing fan-4, the second fan-1. */
static void notices_are_those_of_their_job_or_else_of_their_thing(void **state)
{
    (void)state;
    static const char next[] = "{\"timestamp\":1,\"execution\":{\"jobId\":\"" OTHER "\"}}";
    struct world *world = world_new(
        &(struct world_options){.partition = {.index = 0, .count = 2}, .has_upstream = true});
    notice(world, "$aws/things/fan-4/jobs/notify-next-namespace-ns", next);
    notice(world, "$aws/things/pump/jobs/" OTHER "/notify-namespace-ns/", next);
    notice(world, "$aws/things/fan-1/jobs/notify-next-namespace-ns", next);
    world_run_until(world, 1000);
    assert_int_equal(books(world).notices, 1);
    assert_int_equal(books(world).elsewhere, 2);
    assert_int_equal(world->upstream.ack_count, 3);
    assert_int_equal(world->broker.count, 1);
    world_end(world);
}

/* Acknowledgements keep the order of arrival, so what is another's waits behind what is parked. */
static void without_room_others_commands_keep_their_place(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    world->journal.is_full = true;
    send(world, OTHER);
    size_t own = send(world, OWN);
    size_t behind = send(world, OTHER);
    size_t lost = world_send(world, &(struct world_command){.job = OTHER, .is_qos0 = true});
    world_turn(world);
    assert_int_equal(books(world).elsewhere, 2);
    assert_int_equal(books(world).held_back, 2);
    assert_int_equal(books(world).turned_away, 0);
    assert_false(world->arrivals[behind].is_acknowledged);
    assert_string_equal(world_code(world, lost), "");
    world->journal.is_full = false;
    world_run_until(world, 1000);
    assert_string_equal(world_code(world, own), "accepted");
    assert_true(world->arrivals[behind].is_acknowledged);
    assert_int_equal(books(world).elsewhere, 3);
    assert_int_equal(books(world).held_back, 0);
    world_end(world);
}

static void a_bridge_that_stops_leaves_others_commands_with_the_broker(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    bridge_stop(world->bridge);
    size_t number = send(world, OTHER);
    world_turn(world);
    assert_false(world->arrivals[number].is_acknowledged);
    assert_int_equal(books(world).elsewhere, 0);
    world_free(world);
}

/* What the journal holds was acknowledged by this bridge, and is finished by it. */
static void after_a_change_of_the_partition_the_journal_is_finished(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    world_endpoint_script(&world->endpoint, OWN, (struct world_reply){.is_never = true});
    size_t calling = send(world, OWN);
    size_t waiting = send(world, OWN);
    world_run_until(world, 100);
    assert_string_equal(world_code(world, calling), "");
    world_kill(world);
    world->options.partition = (struct partition){.index = 1, .count = 2};
    world_start(world);
    size_t own = send(world, OTHER);
    size_t other = send(world, OWN);
    world_run_until(world, 5000);
    assert_string_equal(world_code(world, calling), "accepted");
    assert_string_equal(world_code(world, waiting), "accepted");
    assert_string_equal(world_code(world, own), "accepted");
    assert_string_equal(world_code(world, other), "");
    assert_int_equal(books(world).received, 3);
    assert_int_equal(books(world).accepted, 3);
    assert_int_equal(books(world).elsewhere, 1);
    world_end(world);
}

/* It died before it could acknowledge; the broker sends it again, and by now the job is another's.
 */
static void what_is_sent_again_after_a_change_is_answered_from_the_journal(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    world->dies_in = 4; /* the row is committed, the acknowledgement has not left */
    size_t number = send(world, OWN);
    world->options.partition = (struct partition){.index = 1, .count = 2};
    world_run_until(world, 5000);
    assert_int_equal(world->broker.life, 1);
    assert_true(world->arrivals[number].is_acknowledged);
    assert_string_equal(world_code(world, number), "accepted");
    assert_int_equal(world->journal.count, 1);
    assert_int_equal(books(world).elsewhere, 1);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_of_others_are_acknowledged_and_nothing_else),
        cmocka_unit_test(one_bridge_alone_deals_with_a_job),
        cmocka_unit_test(notices_are_those_of_their_job_or_else_of_their_thing),
        cmocka_unit_test(without_room_others_commands_keep_their_place),
        cmocka_unit_test(a_bridge_that_stops_leaves_others_commands_with_the_broker),
        cmocka_unit_test(after_a_change_of_the_partition_the_journal_is_finished),
        cmocka_unit_test(what_is_sent_again_after_a_change_is_answered_from_the_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
