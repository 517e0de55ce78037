#include "tests/check.h"
#include "tests/fakes/world.h"

#include <stdio.h>

#define RATE 10

static size_t send(struct world *world, const char *thing, const char *job)
{
    return world_send(world, &(struct world_command){.thing = thing, .job = job});
}

static void send_many(struct world *world, const char *thing, size_t count, size_t jobs)
{
    for (size_t i = 0; i < count; i++) {
        char job[32];
        snprintf(job, sizeof job, "job-%zu", i % jobs);
        send(world, thing, job);
    }
}

static struct world *new_world(bool coalesces)
{
    return world_new(&(struct world_options){
        .rate_per_second = RATE, .burst = 1, .coalesces = coalesces, .deadline_ms = 3600000});
}

/* Three noisy things: a round is four calls, and time for one is 1 / RATE. */
static void a_single_command_waits_one_round_at_most(void **state)
{
    (void)state;
    const char *jobs[] = {"own", "job-3"}; /* a job that nobody else has, and one that all have */
    for (size_t i = 0; i < 2 * COUNT_OF(jobs); i++) {
        struct world *world = new_world(i >= COUNT_OF(jobs));
        send_many(world, "noisy-1", 900, 900);
        send_many(world, "noisy-2", 900, 900);
        send_many(world, "noisy-3", 900, 900);
        world_run_until(world, 5050);
        size_t quiet = send(world, "quiet", jobs[i % COUNT_OF(jobs)]);
        world_run_until(world, 5050 + 4 * 1000 / RATE);
        /* On a shared job those before it take a round each, unless they share its call. */
        if (i % COUNT_OF(jobs) == 0 || i >= COUNT_OF(jobs))
            assert_string_equal(world_code(world, quiet), "accepted");
        world_run_until(world, 5050 + 4 * 4 * 1000 / RATE);
        assert_string_equal(world_code(world, quiet), "accepted");
        world_run_until_idle(world, 400000);
        world_end(world);
    }
}

static void an_operator_does_not_wait_for_a_thousand_things(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){
        .rate_per_second = RATE, .burst = 1, .reserve_percent = 10, .deadline_ms = 3600000});
    for (size_t i = 0; i < 1000; i++) {
        char name[32];
        snprintf(name, sizeof name, "each-%zu", i);
        send(world, name, name);
    }
    world_run_until(world, 5050);
    size_t first = send(world, NULL, "by-hand");
    size_t second = send(world, NULL, "by-hand-too");
    world_run_until(world, 5050 + 1000 / RATE);
    assert_string_equal(world_code(world, first), "accepted");
    world_run_until(world, 5050 + 11 * 1000 / RATE);
    assert_string_equal(world_code(world, second), "accepted");
    world_run_until_idle(world, 200000);
    world_end(world);
}

static void a_thing_may_have_so_many_waiting_and_no_more(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){
        .rate_per_second = RATE, .burst = 1, .waiting_per_thing = 20, .deadline_ms = 3600000});
    send_many(world, "noisy", 25, 25);
    size_t other = send(world, "quiet", "own");
    size_t operators = world->arrival_count;
    send_many(world, NULL, 25, 25);
    world_run_until(world, 10);
    for (size_t i = 0; i < 25; i++)
        assert_string_equal(world_code(world, i),
                            i < 20 ? i > 0 ? "" : "accepted" : "RequestThrottled");
    check_has(world_answer(world, 20)->payload, "\"retryAfter\":20");
    check_has(world_answer(world, 20)->payload, "20 commands of this thing wait already");
    size_t again = send(world, "noisy", "job-1"); /* one has left */
    world_run_until_idle(world, 60000);
    assert_string_equal(world_code(world, again), "accepted");
    assert_string_equal(world_code(world, other), "accepted");
    for (size_t i = 0; i < 25; i++)
        assert_string_equal(world_code(world, operators + i), "accepted");
    world_end(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_command_waits_one_round_at_most),
        cmocka_unit_test(an_operator_does_not_wait_for_a_thousand_things),
        cmocka_unit_test(a_thing_may_have_so_many_waiting_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
