#include "tests/check.h"
#include "tests/fakes/world.h"

#include <stdio.h>

/* More than burst + rate in any second from any call on would be too fast. */
static void check_every_second(const struct world *world, size_t at_most)
{
    const struct world_call *calls = world->endpoint.calls;
    for (size_t first = 0, last = 0; first < world->endpoint.count; first++) {
        while (last < world->endpoint.count &&
               calls[last].started_ms < calls[first].started_ms + 1000)
            last++;
        assert_true(last - first <= at_most);
    }
}

static void send_some(struct world *world, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char job[32];
        snprintf(job, sizeof job, "job-%zu", (size_t)world_below(world, 20));
        world_send(world, &(struct world_command){.thing = "pump", .job = job});
    }
}

static struct world_reply sometimes_bad(void *context, const struct world_call *call)
{
    static const enum fault faults[] = {FAULT_OK,         FAULT_OK,        FAULT_OK,
                                        FAULT_THROTTLING, FAULT_TRANSPORT, FAULT_INVALID_REQUEST};
    struct world *world = context;
    (void)call;
    return (struct world_reply){
        .fault = faults[world_below(world, COUNT_OF(faults))],
        .takes_ms = (int64_t)world_below(world, 300),
    };
}

static void in_any_second_whatever_happens(void **state)
{
    (void)state;
    const struct {
        double rate;
        unsigned burst;
    } cases[] = {{10, 10}, {10, 1}, {3, 5}, {0.5, 2}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct world *world = world_new(&(struct world_options){
            .rate_per_second = cases[i].rate, .burst = cases[i].burst, .seed = i + 1});
        world->endpoint.decide = sometimes_bad;
        world->endpoint.decide_context = world;
        for (int64_t at_ms = 0; at_ms < 60000; at_ms += 1 + (int64_t)world_below(world, 4000)) {
            world_run_until(world, at_ms);
            send_some(world, (size_t)world_below(world, 30));
        }
        world_run_until_idle(world, 600000);
        size_t per_second = cases[i].rate < 1 ? 1 : (size_t)cases[i].rate;
        check_every_second(world, cases[i].burst + per_second);
        world_end(world);
    }
}

static void the_budget_is_used_up_when_there_is_work(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){
        .rate_per_second = 10, .burst = 10, .deadline_ms = 60000, .seed = 3});
    send_some(world, 500);
    world_run_until(world, 30000);
    assert_int_equal(world->endpoint.count, 10 + 300);
    world_run_until_idle(world, 61000);
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_any_second_whatever_happens),
        cmocka_unit_test(the_budget_is_used_up_when_there_is_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
