#include "tests/check.h"
#include "tests/fakes/world.h"

static void the_senders_own_limit_is_expired(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.deadline_ms = 60000});
    world->endpoint.usual = (struct world_reply){.fault = FAULT_SERVICE_UNAVAILABLE};
    size_t by_message =
        world_send(world, &(struct world_command){.thing = "a", .job = "a", .expires_in_s = 3});
    size_t by_payload = world_send(
        world,
        &(struct world_command){.thing = "b", .job = "b", .members = "\"expiresAt\":1700000005"});
    size_t behind =
        world_send(world, &(struct world_command){.thing = "b", .job = "b", .expires_in_s = 4});
    size_t long_gone = world_send(
        world,
        &(struct world_command){.thing = "c", .job = "c", .members = "\"expiresAt\":1699999999"});
    size_t beyond =
        world_send(world, &(struct world_command){.thing = "d", .job = "d", .expires_in_s = 600});
    world_run_until(world, 100000);

    assert_string_equal(world_code(world, by_message), "Expired");
    assert_int_equal(world_answer(world, by_message)->at_ms, 3000);
    assert_string_equal(world_code(world, behind), "Expired");
    assert_int_equal(world_answer(world, behind)->at_ms, 4000);
    assert_string_equal(world_code(world, by_payload), "Expired");
    assert_int_equal(world_answer(world, by_payload)->at_ms, 5000);
    assert_string_equal(world_code(world, long_gone), "Expired");
    assert_int_equal(world_answer(world, long_gone)->at_ms, 0);
    assert_int_equal(world_endpoint_calls(&world->endpoint, "c", 0, 100000), 0);
    assert_string_equal(world_code(world, beyond), "ServiceUnavailable");
    assert_int_equal(world_answer(world, beyond)->at_ms, 60000);
    world_end(world);
}

static void a_service_that_stays_away_is_unavailable(void **state)
{
    (void)state;
    const enum fault faults[] = {FAULT_TRANSPORT, FAULT_INTERNAL_FAILURE, FAULT_EXPIRED_TOKEN};
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct world *world = world_new(&(struct world_options){.deadline_ms = 60000});
        world->endpoint.usual = (struct world_reply){.fault = faults[i]};
        size_t head = world_send(world, &(struct world_command){.thing = "a", .job = "a"});
        size_t behind = world_send(world, &(struct world_command){.thing = "a", .job = "a"});
        world_run_until(world, 60000);
        assert_string_equal(world_code(world, head), "ServiceUnavailable");
        check_has(world_answer(world, head)->payload, fault_name(faults[i]));
        assert_string_equal(world_code(world, behind), "ServiceUnavailable");
        world_end(world);
    }
}

/* Other jobs are well, so only what the head went through tells those behind it why. */
static void those_behind_a_sick_head_share_its_cause(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.deadline_ms = 60000});
    for (int i = 0; i < 20; i++)
        world_endpoint_script(&world->endpoint, "sick",
                              (struct world_reply){.fault = FAULT_INTERNAL_FAILURE});
    size_t sick[3];
    for (size_t i = 0; i < 3; i++)
        sick[i] = world_send(world, &(struct world_command){.thing = "a", .job = "sick"});
    for (int64_t at_ms = 0; at_ms < 60000; at_ms += 500) {
        world_run_until(world, at_ms);
        world_send(world, &(struct world_command){.thing = "b", .job = "well"});
    }
    world_run_until(world, 60000);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(world_code(world, sick[i]), "ServiceUnavailable");
    world_run_until(world, 70000);
    world_end(world);
}

static void too_many_for_the_rate_are_throttled(void **state)
{
    (void)state;
    struct world *world =
        world_new(&(struct world_options){.rate_per_second = 1, .burst = 1, .deadline_ms = 5000});
    size_t numbers[10];
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        numbers[i] = world_send(world, &(struct world_command){.thing = "a", .job = "a"});
    world_run_until(world, 5000);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        assert_string_equal(world_code(world, numbers[i]), i < 5 ? "accepted" : "RequestThrottled");
    check_has(world_answer(world, numbers[9])->payload, "\"retryAfter\":20");
    world_end(world);
}

static void throttled_to_the_end_is_throttled(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.deadline_ms = 30000});
    world->endpoint.usual = (struct world_reply){.fault = FAULT_THROTTLING};
    size_t number = world_send(world, &(struct world_command){.thing = "a", .job = "a"});
    world_run_until(world, 29999);
    assert_string_equal(world_code(world, number), "");
    world_run_until(world, 30000);
    assert_string_equal(world_code(world, number), "RequestThrottled");
    world_end(world);
}

static void a_call_under_way_decides_beyond_the_deadline(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.deadline_ms = 1000});
    world_endpoint_script(&world->endpoint, "good", (struct world_reply){.takes_ms = 1500});
    world_endpoint_script(&world->endpoint, "bad",
                          (struct world_reply){.takes_ms = 1500, .fault = FAULT_INTERNAL_FAILURE});
    size_t good = world_send(world, &(struct world_command){.thing = "a", .job = "good"});
    size_t bad = world_send(world, &(struct world_command){.thing = "a", .job = "bad"});
    world_run_until(world, 1499);
    assert_string_equal(world_code(world, good), "");
    assert_string_equal(world_code(world, bad), "");
    world_run_until(world, 1500);
    assert_string_equal(world_code(world, good), "accepted");
    assert_string_equal(world_code(world, bad), "ServiceUnavailable");
    assert_int_equal(world->endpoint.count, 2);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_senders_own_limit_is_expired),
        cmocka_unit_test(a_service_that_stays_away_is_unavailable),
        cmocka_unit_test(those_behind_a_sick_head_share_its_cause),
        cmocka_unit_test(too_many_for_the_rate_are_throttled),
        cmocka_unit_test(throttled_to_the_end_is_throttled),
        cmocka_unit_test(a_call_under_way_decides_beyond_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
