/* A random walk through crashes, a journal that fails or is full, lost links and acknowledgements,
 * and repeats: every acknowledged command is answered, never differently, and no job goes back. */
#include "base/chance.h"
#include "tests/check.h"
#include "tests/fakes/world.h"

#include <stdio.h>
#include <stdlib.h>

#define STEPS    4000
#define THINGS   4
#define JOBS     6
#define ACKS_MAX 4 /* acknowledgements that a broken link may swallow */

struct walk {
    struct world *world;
    bool expires; /* commands may */
};

static bool happens(struct world *world, unsigned percent)
{
    return world_below(world, 100) < percent;
}

static struct world_reply reply(void *context, const struct world_call *call)
{
    static const enum fault faults[] = {
        FAULT_OK,        FAULT_OK,         FAULT_OK,
        FAULT_OK,        FAULT_OK,         FAULT_OK,
        FAULT_TRANSPORT, FAULT_THROTTLING, FAULT_RESOURCE_NOT_FOUND};
    struct world *world = context;
    (void)call;
    return (struct world_reply){.takes_ms = (int64_t)world_below(world, 400),
                                .fault = faults[world_below(world, COUNT_OF(faults))]};
}

static void send_something(struct walk *walk)
{
    struct world *world = walk->world;
    char thing[32];
    char job[32];
    snprintf(thing, sizeof thing, "thing-%d", (int)world_below(world, THINGS));
    snprintf(job, sizeof job, "job-%d", (int)world_below(world, JOBS));
    world_send(world, &(struct world_command){
                          .thing = happens(world, 80) ? thing : NULL,
                          .job = happens(world, 97) ? job : "not.a.job",
                          .members = happens(world, 5) ? "\"dryRun\":true" : NULL,
                          .expires_in_s = walk->expires && happens(world, 10)
                                              ? 1 + (int64_t)world_below(world, 20)
                                              : 0,
                          .is_qos0 = happens(world, 5),
                      });
}

/* The last acknowledgements never reached the broker, so it will send those commands again. */
static void swallow_acks(struct world *world)
{
    size_t count = (size_t)world_below(world, ACKS_MAX);
    for (size_t i = world->broker.ack_count; i > 0 && count > 0; i--, count--) {
        struct world_arrival *arrival =
            &world->arrivals[world_delivered(world, world->broker.acks[i - 1])];
        if (world->now_ms - arrival->at_ms < WORLD_JOURNAL_WINDOW_MS / 2)
            arrival->is_acknowledged = false;
    }
}

static void crash(struct world *world)
{
    swallow_acks(world);
    world_kill(world);
    if (happens(world, 30))
        world->now_ms += (int64_t)world_below(world, 20000);
    world_start(world);
}

static void repeat_something(struct world *world)
{
    if (!world->broker.is_up || world->arrival_count == 0)
        return;
    size_t back = (size_t)world_below(world, world->arrival_count < 50 ? world->arrival_count : 50);
    size_t number = world->arrival_count - 1 - back;
    const struct world_arrival *arrival = &world->arrivals[number];
    bool is_fair = !arrival->is_qos0 && arrival->is_taken && arrival->is_acknowledged &&
                   world->now_ms - arrival->at_ms < WORLD_JOURNAL_WINDOW_MS / 2;
    if (is_fair)
        world_send_again(world, number, happens(world, 50));
}

static void disturb(struct walk *walk)
{
    struct world *world = walk->world;
    switch (world_below(world, 8)) {
    case 0:
    case 1:
        crash(world);
        break;
    case 2:
        world->dies_in = 1 + (unsigned)world_below(world, 40);
        break;
    case 3:
        world->journal.fails_in = 1 + (unsigned)world_below(world, 20);
        break;
    case 4:
        world->journal.commit_fails = (unsigned)world_below(world, 3);
        break;
    case 5:
        world->journal.is_full = !world->journal.is_full;
        break;
    case 6:
        world->broker.delivers_in_ms =
            happens(world, 20) ? WORLD_WITHHELD : (int64_t)world_below(world, 50);
        break;
    default:
        if (world->broker.is_up)
            swallow_acks(world);
        world_link(world, !world->broker.is_up);
    }
}

static void take_a_step(struct walk *walk)
{
    struct world *world = walk->world;
    uint64_t dice = world_below(world, 100);
    if (dice < 50) {
        if (world->broker.is_up)
            send_something(walk);
    } else if (dice < 80) {
        world_run_until(world, world->now_ms + (int64_t)world_below(world, 400));
    } else if (dice < 86) {
        world_turn(world);
    } else if (dice < 92) {
        world_deliver(world, (size_t)world_below(world, 10));
    } else if (dice < 96) {
        repeat_something(world);
    } else {
        disturb(walk);
    }
}

static void come_to_rest(struct world *world)
{
    world->dies_in = 0;
    world->journal.fails_in = 0;
    world->journal.commit_fails = 0;
    world->journal.is_full = false;
    world->broker.delivers_in_ms = 0;
    world->endpoint.decide = NULL;
    if (!world->broker.is_up)
        world_link(world, true);
    world_run_until_idle(world, world->now_ms + 200000);
    world_run_until(world, world->now_ms + 2000);
}

static void check_variety(const struct world *world)
{
    unsigned accepted = 0;
    for (size_t i = 0; i < world->arrival_count; i++)
        accepted += strcmp(world_code(world, i), "accepted") == 0;
    assert_true(accepted > STEPS / 20);
    assert_true(world->broker.life > 20);
    assert_true(world->journal.repeat_count > 20);
}

static void walk_with(bool coalesces, bool expires)
{
    const char *given = getenv("WALK_SEED");
    int64_t seed = 1 + (int64_t)chance_below(INT32_MAX);
    if (given != NULL)
        assert_true(str_to_int(str_of(given), 1, INT64_MAX, &seed));
    print_message("WALK_SEED=%lld repeats this walk\n", (long long)seed);
    struct walk walk = {.expires = expires,
                        .world = world_new(&(struct world_options){.max_in_flight = 4,
                                                                   .coalesces = coalesces,
                                                                   .deadline_ms = 60000,
                                                                   .redelivers = true,
                                                                   .seed = (uint64_t)seed})};
    walk.world->endpoint.decide = reply;
    walk.world->endpoint.decide_context = walk.world;
    for (int i = 0; i < STEPS; i++)
        take_a_step(&walk);
    come_to_rest(walk.world);
    print_message("%zu commands, %zu calls, %zu repeats, %u crashes, %zu commits\n",
                  walk.world->arrival_count, walk.world->endpoint.count,
                  walk.world->journal.repeat_count, walk.world->broker.life,
                  walk.world->journal.commit_count);
    check_variety(walk.world);
    world_end(walk.world);
}

static void each_command_in_its_own_call(void **state)
{
    (void)state;
    walk_with(false, true);
}

static void commands_that_share_calls(void **state)
{
    (void)state;
    walk_with(true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_in_its_own_call),
        cmocka_unit_test(commands_that_share_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
