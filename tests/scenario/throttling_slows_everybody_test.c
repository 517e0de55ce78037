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

static void no_call_of_any_job_before_the_service_wants_one(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.max_in_flight = 1});
    world_endpoint_script(
        &world->endpoint, NULL,
        (struct world_reply){.fault = FAULT_THROTTLING, .takes_ms = 5, .retry_after_ms = 4000});
    send_to_each(world, 20);
    world_run_until(world, 4004);
    assert_int_equal(world->endpoint.count, 1);
    assert_int_equal(bridge_endpoint_state(world->bridge), FAULT_THROTTLED);
    world_run_until(world, 10000);
    assert_int_equal(world->endpoint.calls[1].started_ms, 4005);
    assert_int_equal(bridge_books(world->bridge).accepted, 20);
    world_end(world);
}

static void without_a_wish_the_rest_is_a_second(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.rate_per_second = 10, .burst = 1});
    world_endpoint_script(&world->endpoint, NULL, (struct world_reply){.fault = FAULT_THROTTLING});
    send_to_each(world, 3);
    world_run_until(world, 20000);
    /* The rest, then the bucket fills from empty: half as fast, and a little faster after success.
     */
    assert_int_equal(world->endpoint.calls[1].started_ms, 1200);
    assert_int_equal(world->endpoint.calls[2].started_ms, 1399);
    world_end(world);
}

/* Throttled for two minutes: fewer and fewer calls, no answer but the good one in the end. */
static struct world_reply throttled_until(void *context, const struct world_call *call)
{
    const int64_t *until_ms = context;
    bool is_throttled = call->started_ms < *until_ms;
    return (struct world_reply){.fault = is_throttled ? FAULT_THROTTLING : FAULT_OK,
                                .takes_ms = 20};
}

static void nobody_is_rejected_before_the_deadline(void **state)
{
    (void)state;
    struct world *world =
        world_new(&(struct world_options){.rate_per_second = 10, .burst = 10, .seed = 7});
    int64_t until_ms = 120000;
    world->endpoint.decide = throttled_until;
    world->endpoint.decide_context = &until_ms;
    send_to_each(world, 50);
    world_run_until(world, until_ms);
    struct bridge_books books = bridge_books(world->bridge);
    assert_int_equal(books.accepted, 0);
    assert_int_equal(books.rejected, 0);
    /* What was in flight when the first answer came, then one call after each ever longer rest. */
    assert_true(world->endpoint.count <= 8 + 20);
    assert_true(world->endpoint.count >= 8 + 8);
    world_run_until_idle(world, 200000);
    assert_int_equal(bridge_books(world->bridge).accepted, 50);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_call_of_any_job_before_the_service_wants_one),
        cmocka_unit_test(without_a_wish_the_rest_is_a_second),
        cmocka_unit_test(nobody_is_rejected_before_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
