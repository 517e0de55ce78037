#include "tests/check.h"
#include "tests/fakes/world.h"

#include <stdio.h>

static void send_to_each(struct world *world, size_t jobs)
{
    for (size_t i = 0; i < jobs; i++) {
        char job[32];
        snprintf(job, sizeof job, "job-%zu", i);
        world_send(world, &(struct world_command){.thing = "pump", .job = job});
    }
}

/* Away from 1 s to 61 s. */
static struct world_reply away_for_a_minute(void *context, const struct world_call *call)
{
    (void)context;
    bool is_away = call->started_ms >= 1000 && call->started_ms < 61000;
    return (struct world_reply){.fault = is_away ? FAULT_TRANSPORT : FAULT_OK, .takes_ms = 10};
}

static struct world *new_world(double rate)
{
    struct world *world = world_new(
        &(struct world_options){.rate_per_second = rate, .burst = 10, .max_in_flight = 8});
    world->endpoint.decide = away_for_a_minute;
    return world;
}

static void few_probes_while_it_is_away(void **state)
{
    (void)state;
    struct world *world = new_world(10);
    world_run_until(world, 1000);
    send_to_each(world, 500);
    world_run_until(world, 1500);
    assert_int_equal(bridge_breaker(world->bridge), BREAKER_OPEN);
    assert_int_equal(bridge_endpoint_state(world->bridge), FAULT_TRANSIENT);
    /* Eight at once, then rests of 1, 2, 4, 8, 16 and 20 s. */
    assert_true(world_endpoint_calls(&world->endpoint, NULL, 1000, 61000) <= 8 + 6);
    world_run_until(world, 61000);
    assert_int_equal(bridge_books(world->bridge).rejected, 0);
    assert_true(world_endpoint_calls(&world->endpoint, NULL, 1000, 61000) <= 8 + 6);
    assert_int_equal(world->endpoint.open_most, 8);
    world_run_until_idle(world, 200000);
    assert_int_equal(bridge_breaker(world->bridge), BREAKER_CLOSED);
    assert_int_equal(bridge_books(world->bridge).accepted, 500);
    world_end(world);
}

static void no_herd_when_it_comes_back(void **state)
{
    (void)state;
    struct world *world = new_world(10);
    world_run_until(world, 1000);
    send_to_each(world, 500);
    world_run_until_idle(world, 200000);
    const struct world_call *probe = NULL;
    for (size_t i = 0; i < world->endpoint.count && probe == NULL; i++)
        if (world->endpoint.calls[i].reply.fault == FAULT_OK)
            probe = &world->endpoint.calls[i];
    assert_non_null(probe);
    for (int64_t ms = 1000; ms <= 5000; ms += 1000)
        assert_true(world_endpoint_calls(&world->endpoint, NULL, probe->started_ms,
                                         probe->started_ms + ms) <= (size_t)(1 + ms / 100));
    world_end(world);
}

static void a_probe_is_alone(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    world_run_until(world, 1000);
    send_to_each(world, 100);
    world_run_until_idle(world, 200000);
    for (size_t i = 8; i < world->endpoint.count; i++) {
        const struct world_call *call = &world->endpoint.calls[i];
        if (call->reply.fault == FAULT_TRANSPORT)
            assert_int_equal(world_endpoint_calls(&world->endpoint, NULL, call->started_ms - 10,
                                                  call->started_ms + 10),
                             1);
    }
    world_end(world);
}

static void deadlines_pass_while_calls_rest(void **state)
{
    (void)state;
    struct world *world = new_world(10);
    world_run_until(world, 1000);
    send_to_each(world, 100);
    world_run_until(world, 2000);
    size_t number = world_send(
        world, &(struct world_command){.thing = "pump", .job = "late", .expires_in_s = 5});
    world_run_until(world, 6999);
    assert_string_equal(world_code(world, number), "");
    world_run_until(world, 7000);
    assert_string_equal(world_code(world, number), "Expired");
    assert_int_equal(world_endpoint_calls(&world->endpoint, "late", 0, 100000), 0);
    world_run_until_idle(world, 200000);
    world_end(world);
}

static void a_deadline_while_calls_rest_is_told_by_its_cause(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.deadline_ms = 10000});
    world->endpoint.usual.fault = FAULT_TRANSPORT;
    send_to_each(world, 30);
    world_run_until(world, 10000);
    for (size_t i = 0; i < 30; i++) {
        assert_string_equal(world_code(world, i), "ServiceUnavailable");
        assert_int_equal(world_answer(world, i)->at_ms, 10000);
    }
    world_end(world);
}

static void one_job_that_is_refused_service_holds_up_no_other(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){0});
    for (int i = 0; i < 12; i++)
        world_endpoint_script(&world->endpoint, "sick",
                              (struct world_reply){.fault = FAULT_INTERNAL_FAILURE});
    world_send(world, &(struct world_command){.thing = "pump", .job = "sick"});
    world_run_until(world, 30000);
    assert_int_equal(bridge_breaker(world->bridge), BREAKER_CLOSED);
    size_t well = world_send(world, &(struct world_command){.thing = "pump", .job = "well"});
    world_run_until(world, 30001);
    assert_string_equal(world_code(world, well), "accepted");
    world_run_until_idle(world, 200000);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_probes_while_it_is_away),
        cmocka_unit_test(no_herd_when_it_comes_back),
        cmocka_unit_test(a_probe_is_alone),
        cmocka_unit_test(deadlines_pass_while_calls_rest),
        cmocka_unit_test(a_deadline_while_calls_rest_is_told_by_its_cause),
        cmocka_unit_test(one_job_that_is_refused_service_holds_up_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
