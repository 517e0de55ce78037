/* A repeat within the dedupe window is answered as before, and not called again. */
#include "tests/check.h"
#include "tests/fakes/world.h"

#define ANSWERS "jobs-bridge/things/pump/jobs/rollout/update/accepted"
#define PAYLOAD "{\"description\":\"new\"}"

static size_t send(struct world *world, const char *payload)
{
    return world_send(
        world, &(struct world_command){.thing = "pump", .job = "rollout", .payload = payload});
}

static struct world *new_world(void)
{
    return world_new(&(struct world_options){.redelivers = true});
}

static uint64_t repeated(const struct world *world)
{
    return bridge_books(world->bridge).repeated;
}

static void check_same_answers(const struct world *world, size_t count)
{
    assert_int_equal(world_broker_posts(&world->broker, ANSWERS), count);
    for (size_t i = 1; i < count; i++)
        assert_string_equal(world_broker_post(&world->broker, ANSWERS, i)->payload,
                            world_broker_post(&world->broker, ANSWERS, 0)->payload);
}

static void by_its_token(void **state)
{
    (void)state;
    struct world *world = new_world();
    static const char payload[] = "{\"description\":\"new\",\"clientToken\":\"mine\"}";
    send(world, payload);
    world_run_until(world, 1000);
    size_t again = send(world, payload); /* its Correlation Data is another */
    world_run_until(world, 2000);
    check_same_answers(world, 2);
    assert_string_equal(world_answer(world, again)->correlation, "c1");
    assert_true(world->arrivals[again].is_acknowledged);
    assert_int_equal(world->endpoint.count, 1);
    assert_int_equal(repeated(world), 1);
    assert_int_equal(bridge_books(world->bridge).received, 1);
    assert_int_equal(world_broker_posts(&world->broker, "jobs-bridge/events/jobs/rollout"), 1);
    world_end(world);
}

static void a_token_is_one_of_its_topic(void **state)
{
    (void)state;
    struct world *world = new_world();
    static const char payload[] = "{\"description\":\"new\",\"clientToken\":\"mine\"}";
    send(world, payload);
    world_send(world,
               &(struct world_command){.thing = "fan", .job = "rollout", .payload = payload});
    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.count, 2);
    assert_int_equal(repeated(world), 0);
    world_end(world);
}

static void by_its_correlation_data(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = send(world, PAYLOAD);
    world_run_until(world, 1000);
    world_send_again(world, number, false);
    world_run_until(world, 2000);
    check_same_answers(world, 2);
    assert_int_equal(world->endpoint.count, 1);
    world_end(world);
}

static struct world *new_anonymous(size_t *ret)
{
    struct world *world = new_world();
    *ret = world_send(
        world, &(struct world_command){
                   .thing = "pump", .job = "rollout", .payload = PAYLOAD, .is_anonymous = true});
    world_run_until(world, 1000);
    return world;
}

static void by_its_bytes_if_the_broker_says_so(void **state)
{
    (void)state;
    size_t number;
    struct world *world = new_anonymous(&number);
    world_send_again(world, number, true);
    world_run_until(world, 2000);
    check_same_answers(world, 2);
    assert_int_equal(world->endpoint.count, 1);
    world_end(world);
}

static void equal_bytes_alone_are_another_command(void **state)
{
    (void)state;
    size_t number;
    struct world *world = new_anonymous(&number);
    world_send_again(world, number, false);
    world_run_until(world, 2000);
    assert_int_equal(world->endpoint.count, 2);
    assert_int_equal(repeated(world), 0);
    world_free(world);
}

static void while_it_waits_one_answer_is_for_both(void **state)
{
    (void)state;
    struct world *world = new_world();
    world->endpoint.usual.takes_ms = 500;
    size_t number = send(world, PAYLOAD);
    world_run_until(world, 100);
    world_send_again(world, number, true);
    world_run_until(world, 200);
    assert_true(world->arrivals[number].is_acknowledged);
    world_run_until(world, 1000);
    check_same_answers(world, 1);
    assert_int_equal(world->endpoint.count, 1);
    world_end(world);
}

/* The same command from the same sender, who wants each answer under its own Correlation Data. */
static void while_it_waits_each_address_has_its_answer(void **state)
{
    (void)state;
    struct world *world = new_world();
    static const char payload[] = "{\"description\":\"new\",\"clientToken\":\"mine\"}";
    world->endpoint.usual.takes_ms = 500;
    size_t first = send(world, payload);
    world_run_until(world, 100);
    size_t second = send(world, payload);
    size_t third = send(world, payload);
    world_run_until(world, 200);
    assert_int_equal(bridge_books(world->bridge).waiting, 2);
    world_run_until(world, 1000);
    assert_int_equal(world->endpoint.count, 1);
    assert_string_equal(world_answer(world, first)->correlation, "c0");
    assert_string_equal(world_answer(world, second)->correlation, "c1");
    assert_string_equal(world_answer(world, third)->correlation, "c2");
    check_same_answers(world, 3);
    world_end(world);
}

static void a_refusal_is_repeated_too(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = send(world, "{\"description\":7}");
    world_run_until(world, 1000);
    world_send_again(world, number, true);
    world_run_until(world, 2000);
    assert_string_equal(world_code(world, number), "InvalidRequest");
    assert_int_equal(bridge_books(world->bridge).rejected, 1);
    assert_int_equal(repeated(world), 1);
    world_end(world);
}

/* RequestThrottled and ServiceUnavailable say "later": a sender that comes again is not put off
 * with the old answer. What the broker delivers again is. */
static void who_was_told_to_come_later_is_called(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.deadline_ms = 5000});
    world->endpoint.usual.fault = FAULT_THROTTLING;
    static const char payload[] = "{\"description\":\"new\",\"clientToken\":\"mine\"}";
    size_t first = send(world, payload);
    world_run_until(world, 6000);
    assert_string_equal(world_code(world, first), "RequestThrottled");
    world_send_again(world, first, true);
    world_run_until(world, 7000);
    assert_string_equal(world_code(world, first), "RequestThrottled");
    assert_int_equal(repeated(world), 1);
    world->endpoint.usual.fault = FAULT_OK;
    size_t second = send(world, payload);
    world_run_until(world, 60000);
    assert_string_equal(world_code(world, second), "accepted");
    assert_int_equal(repeated(world), 1);
    world_free(world);
}

static void after_the_window_it_is_another_command(void **state)
{
    (void)state;
    size_t number;
    struct world *world = new_anonymous(&number);
    world_run_until(world, WORLD_JOURNAL_WINDOW_MS);
    world_send_again(world, number, true);
    world_run_until(world, WORLD_JOURNAL_WINDOW_MS + 1);
    assert_int_equal(repeated(world), 1);
    world_send_again(world, number, true);
    world_run_until(world, WORLD_JOURNAL_WINDOW_MS + 2);
    assert_int_equal(repeated(world), 1);
    assert_int_equal(world->endpoint.count, 2);
    world_free(world);
}

static void after_a_crash_as_before_it(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = send(world, PAYLOAD);
    world_run_until(world, 1000);
    world_crash(world);
    world_send_again(world, number, true);
    world_run_until(world, 2000);
    check_same_answers(world, 2);
    assert_int_equal(world->endpoint.count, 1);
    world_end(world);
}

/* Taken in, but the link was lost before the acknowledgement left. */
static void what_a_lost_link_brings_again_is_called_once(void **state)
{
    (void)state;
    struct world *world = new_world();
    world->endpoint.usual.takes_ms = 100;
    size_t first = send(world, PAYLOAD);
    size_t second = send(world, "{\"description\":\"newer\"}");
    world_link(world, false);
    world_run_until(world, 50);
    assert_int_equal(world->endpoint.count, 1);
    world_link(world, true);
    world_run_until(world, 1000);
    assert_true(world->arrivals[first].is_acknowledged);
    assert_true(world->arrivals[second].is_acknowledged);
    assert_int_equal(world->endpoint.count, 2);
    assert_int_equal(repeated(world), 2);
    assert_int_equal(world_broker_posts(&world->broker, ANSWERS), 2);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_its_token),
        cmocka_unit_test(a_token_is_one_of_its_topic),
        cmocka_unit_test(by_its_correlation_data),
        cmocka_unit_test(by_its_bytes_if_the_broker_says_so),
        cmocka_unit_test(equal_bytes_alone_are_another_command),
        cmocka_unit_test(while_it_waits_one_answer_is_for_both),
        cmocka_unit_test(while_it_waits_each_address_has_its_answer),
        cmocka_unit_test(a_refusal_is_repeated_too),
        cmocka_unit_test(who_was_told_to_come_later_is_called),
        cmocka_unit_test(after_the_window_it_is_another_command),
        cmocka_unit_test(after_a_crash_as_before_it),
        cmocka_unit_test(what_a_lost_link_brings_again_is_called_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
