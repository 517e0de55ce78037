/* The books beyond their sum, which every scenario checks at every step. */
#include "tests/check.h"
#include "tests/fakes/world.h"

static size_t send(struct world *world, const char *job)
{
    return world_send(world, &(struct world_command){.thing = "pump", .job = job});
}

static struct bridge_books books(const struct world *world)
{
    return bridge_books(world->bridge);
}

static void rejections_by_their_code(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    struct world_reply not_found = {.fault = FAULT_RESOURCE_NOT_FOUND};
    world_endpoint_script(&world->endpoint, "nowhere", not_found);
    send(world, "good");
    send(world, "nowhere");
    world_send(world, &(struct world_command){.job = "bad", .payload = "{"});
    world_send(world, &(struct world_command){.job = "bad", .payload = "{}"});
    world_send(world, &(struct world_command){.job = "not/one", .payload = "{}"});
    world_run_until(world, 1000);
    static const enum reject expected[] = {REJECT_RESOURCE_NOT_FOUND, REJECT_INVALID_JSON,
                                           REJECT_INVALID_REQUEST, REJECT_INVALID_TOPIC};
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_int_equal(books(world).rejected_for[expected[i]], 1);
    uint64_t sum = 0;
    for (enum reject code = REJECT_NONE; code < REJECT_COUNT; code++)
        sum += books(world).rejected_for[code];
    assert_int_equal(sum, COUNT_OF(expected));
    assert_int_equal(books(world).rejected, sum);
    assert_int_equal(books(world).accepted, 1);
    world_end(world);
}

static void calls_made_again(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world_endpoint_script(&world->endpoint, NULL, (struct world_reply){.fault = FAULT_TRANSPORT});
    world_endpoint_script(&world->endpoint, NULL, (struct world_reply){.fault = FAULT_THROTTLING});
    send(world, "rollout");
    world_run_until_idle(world, 60000);
    assert_int_equal(books(world).calls, 3);
    assert_int_equal(books(world).retries, 2);
    assert_int_equal(books(world).throttled, 1);
    assert_int_equal(books(world).expired, 0);
    world_end(world);
}

static void commands_that_share_a_call(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.coalesces = true});
    for (int i = 0; i < 5; i++)
        send(world, "rollout");
    send(world, "other");
    world_run_until_idle(world, 1000);
    assert_int_equal(books(world).calls, 2);
    assert_int_equal(books(world).coalesced, 4);
    world_end(world);
}

static void commands_whose_time_is_over(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.deadline_ms = 60000});
    world->endpoint.usual = (struct world_reply){.fault = FAULT_SERVICE_UNAVAILABLE};
    world_send(world, &(struct world_command){.job = "a", .expires_in_s = 3});
    send(world, "b");
    world_run_until(world, 100000);
    assert_int_equal(books(world).expired, 2);
    assert_int_equal(books(world).rejected_for[REJECT_EXPIRED], 1);
    assert_int_equal(books(world).rejected_for[REJECT_SERVICE_UNAVAILABLE], 1);
    world_end(world);
}

static void what_there_is_no_room_for(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world_send(world, &(struct world_command){.job = "a", .is_qos0 = true});
    send(world, "a");
    world->journal.is_full = true;
    world_send(world, &(struct world_command){.job = "a", .is_qos0 = true});
    world_run_until(world, 1000);
    assert_int_equal(books(world).best_effort, 1);
    assert_int_equal(books(world).turned_away, 1);
    send(world, "a");
    world_turn(world);
    assert_int_equal(books(world).held_back, 1);
    world->journal.is_full = false;
    world_run_until(world, 2000);
    assert_int_equal(books(world).held_back, 0);
    assert_int_equal(books(world).received, 3);
    assert_int_equal(books(world).rejected, 0);
    world_end(world);
}

static void dead_letters(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world->broker.refusals = 2; /* of one command */
    send(world, "rollout");
    world_run_until(world, 1000);
    assert_int_equal(books(world).undelivered, 2);
    assert_int_equal(books(world).buried, 1);
    world_free(world);
}

/* From arrival to decision, however it ends; one that is answered again is no decision. */
static void latency(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    world_endpoint_script(&world->endpoint, "slow", (struct world_reply){.takes_ms = 2000});
    struct world_reply refused = {.fault = FAULT_RESOURCE_NOT_FOUND, .takes_ms = 30};
    world_endpoint_script(&world->endpoint, "nowhere", refused);
    size_t slow = send(world, "slow");
    send(world, "nowhere");
    world_run_until_idle(world, 10000);
    world_send_again(world, slow, false);
    world_run_until_idle(world, 20000);
    const struct bridge_latency *latency = bridge_latency(world->bridge);
    assert_int_equal(histogram_total(&latency->accepted), 1);
    assert_int_equal(latency->accepted.sum_us, 2000000);
    assert_int_equal(histogram_total(&latency->rejected), 1);
    assert_int_equal(latency->rejected.sum_us, 30000);
    assert_int_equal(books(world).repeated, 1);
    world_end(world);
}

/* What the journal does not keep is counted on from what the earlier bridge of the run had. */
static void counting_goes_on(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    send(world, "rollout");
    world_run_until_idle(world, 1000);
    world->options.latency = *bridge_latency(world->bridge);
    world->options.books = (struct bridge_books){
        .received = 70, .waiting = 71, .in_flight = 72, .open_calls = 73, .retries = 5};
    world->options.books.rejected_for[REJECT_EXPIRED] = 6;
    world_crash(world);
    send(world, "rollout");
    world_run_until_idle(world, 2000);
    assert_int_equal(books(world).received, 2);
    assert_int_equal(books(world).waiting, 0);
    assert_int_equal(books(world).in_flight, 0);
    assert_int_equal(books(world).open_calls, 0);
    assert_int_equal(books(world).retries, 5);
    assert_int_equal(books(world).rejected_for[REJECT_EXPIRED], 6);
    assert_int_equal(histogram_total(&bridge_latency(world->bridge)->accepted), 2);
    world_end(world);
}

static void speed(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.rate_per_second = 4, .burst = 10});
    struct bridge_speed speed = bridge_speed(world->bridge);
    assert_true(speed.rate == 4 && speed.configured == 4 && speed.tokens == 10);
    world_endpoint_script(&world->endpoint, NULL, (struct world_reply){.fault = FAULT_THROTTLING});
    send(world, "rollout");
    world_run_until(world, 0);
    speed = bridge_speed(world->bridge);
    assert_true(speed.rate == 2 && speed.configured == 4 && speed.tokens == 0);
    world_run_until_idle(world, 60000);
    world_end(world);
    world = world_new(&(struct world_options){0});
    speed = bridge_speed(world->bridge);
    assert_true(speed.rate == 0 && speed.configured == 0);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rejections_by_their_code),
        cmocka_unit_test(calls_made_again),
        cmocka_unit_test(commands_that_share_a_call),
        cmocka_unit_test(commands_whose_time_is_over),
        cmocka_unit_test(what_there_is_no_room_for),
        cmocka_unit_test(dead_letters),
        cmocka_unit_test(latency),
        cmocka_unit_test(counting_goes_on),
        cmocka_unit_test(speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
