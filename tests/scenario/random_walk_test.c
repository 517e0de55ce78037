#include "base/chance.h"
#include "tests/check.h"
#include "tests/fakes/world.h"

#include <stdio.h>
#include <stdlib.h>

#define STEPS  10000
#define THINGS 5
#define JOBS   12

/* How the service is at the moment. */
enum weather { WELL, MIXED, THROTTLED, DOWN, WEATHER_COUNT };

struct walk {
    struct world *world;
    enum weather weather;
    bool *is_dry_run; /* by number */
};

static bool happens(struct world *world, unsigned percent)
{
    return world_below(world, 100) < percent;
}

static struct world_reply reply_in_this_weather(void *context, const struct world_call *call)
{
    static const enum fault mixed[] = {
        FAULT_OK,
        FAULT_OK,
        FAULT_OK,
        FAULT_OK,
        FAULT_OK,
        FAULT_TRANSPORT,
        FAULT_THROTTLING,
        FAULT_EXPIRED_TOKEN,
        FAULT_TRANSPORT,
        FAULT_ACCESS_DENIED,
        FAULT_RESOURCE_NOT_FOUND,
        FAULT_INTERNAL_FAILURE,
    };
    (void)call;
    const struct walk *walk = context;
    struct world *world = walk->world;
    struct world_reply reply = {.takes_ms = (int64_t)world_below(world, 400)};
    if (walk->weather == MIXED)
        reply.fault = mixed[world_below(world, COUNT_OF(mixed))];
    else if (walk->weather == THROTTLED)
        reply.fault = FAULT_THROTTLING;
    else if (walk->weather == DOWN)
        reply.fault = FAULT_TRANSPORT;
    if (walk->weather == DOWN && happens(world, 20))
        reply.start_err = ERR_NO_MEMORY;
    if (reply.fault == FAULT_THROTTLING && happens(world, 30))
        reply.retry_after_ms = 1 + (int64_t)world_below(world, 5000);
    return reply;
}

static void send_something(struct walk *walk)
{
    struct world *world = walk->world;
    char thing[32];
    char job[32];
    snprintf(thing, sizeof thing, "thing-%d", (int)world_below(world, THINGS));
    snprintf(job, sizeof job, "job-%d", (int)world_below(world, JOBS));
    struct world_command command = {
        .thing = happens(world, 80) ? thing : NULL,
        .job = happens(world, 97) ? job : "not.a.job",
        .namespace = happens(world, 30) ? "site" : NULL,
        .response_topic = happens(world, 10) ? "replies/7" : NULL,
        .expires_in_s = happens(world, 10) ? 1 + (int64_t)world_below(world, 20) : 0,
        .is_qos0 = happens(world, 5),
        .is_retained = happens(world, 2),
    };
    bool is_dry_run = happens(world, 5);
    if (is_dry_run)
        command.members = "\"dryRun\":true";
    else if (happens(world, 10))
        command.members = "\"things\":[\"fan\",\"valve\"]";
    if (happens(world, 3))
        command.payload = "{\"description\":7}";
    size_t number = world_send(world, &command);
    walk->is_dry_run[number] = is_dry_run;
}

static void disturb(struct walk *walk)
{
    struct world *world = walk->world;
    switch (world_below(world, 5)) {
    case 0:
        walk->weather = (enum weather)world_below(world, WEATHER_COUNT);
        break;
    case 1:
        world->broker.publish_faults = (unsigned)world_below(world, 3);
        break;
    case 2:
        world->broker.window = 1 + (size_t)world_below(world, 64);
        break;
    case 3:
        world->broker.delivers_in_ms =
            happens(world, 20) ? WORLD_WITHHELD : (int64_t)world_below(world, 50);
        break;
    default:
        world_link(world, !world->broker.is_up);
    }
}

static void take_a_step(struct walk *walk)
{
    struct world *world = walk->world;
    uint64_t dice = world_below(world, 100);
    if (dice < 55) {
        if (world->broker.is_up)
            send_something(walk);
    } else if (dice < 85) {
        world_run_until(world, world->now_ms + (int64_t)world_below(world, 400));
    } else if (dice < 93) {
        world_turn(world);
    } else if (dice < 97) {
        world_deliver(world, (size_t)world_below(world, 10));
    } else {
        disturb(walk);
    }
}

static void come_to_rest(struct walk *walk)
{
    struct world *world = walk->world;
    walk->weather = WELL;
    world->broker.publish_faults = 0;
    world->broker.delivers_in_ms = 0;
    if (!world->broker.is_up)
        world_link(world, true);
    world_run_until_idle(world, world->now_ms + 120000);
}

/* A command is accepted exactly if one call for it was done; a dry run has none. */
static void check_calls_against_answers(const struct walk *walk)
{
    const struct world *world = walk->world;
    unsigned *done = calloc(world->arrival_count, sizeof *done);
    assert_non_null(done);
    for (size_t i = 0; i < world->endpoint.count; i++) {
        const struct world_call *call = &world->endpoint.calls[i];
        if (call->reply.fault == FAULT_OK && call->reply.start_err == ERR_NONE)
            done[world_number_of(call)]++;
    }
    for (size_t number = 0; number < world->arrival_count; number++) {
        bool is_accepted = strcmp(world_code(world, number), "accepted") == 0;
        assert_int_equal(done[number], is_accepted && !walk->is_dry_run[number]);
    }
    free(done);
}

/* Not every walk must meet each ending, but one that meets only a few proves little. */
static void check_variety(const struct world *world)
{
    static const char *const codes[] = {"accepted",         "InvalidTopic", "InvalidRequest",
                                        "ResourceNotFound", "Expired",      "ServiceUnavailable",
                                        "RequestThrottled", "Forbidden"};
    size_t met = 0;
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        for (size_t number = 0; number < world->arrival_count; number++)
            if (strcmp(world_code(world, number), codes[i]) == 0) {
                met++;
                break;
            }
    assert_true(met >= 5);
    assert_true(world->broker.link > 3);
}

static void walk_with(struct world_options options)
{
    const char *given = getenv("WALK_SEED");
    int64_t seed = 1 + (int64_t)chance_below(INT32_MAX);
    if (given != NULL)
        assert_true(str_to_int(str_of(given), 1, INT64_MAX, &seed));
    print_message("WALK_SEED=%lld repeats this walk\n", (long long)seed);

    options.burst = 10;
    options.max_in_flight = 4;
    options.deadline_ms = 60000;
    options.seed = (uint64_t)seed;
    struct walk walk = {.world = world_new(&options)};
    walk.is_dry_run = calloc(STEPS, sizeof *walk.is_dry_run);
    assert_non_null(walk.is_dry_run);
    walk.world->endpoint.decide = reply_in_this_weather;
    walk.world->endpoint.decide_context = &walk;
    for (int i = 0; i < STEPS; i++)
        take_a_step(&walk);
    come_to_rest(&walk);
    print_message("%zu commands, %zu calls, %zu posts, %u links, %lld s\n",
                  walk.world->arrival_count, walk.world->endpoint.count, walk.world->broker.count,
                  walk.world->broker.link, (long long)(walk.world->now_ms / 1000));
    if (!options.coalesces)
        check_calls_against_answers(&walk);
    check_variety(walk.world);
    world_end(walk.world);
    free(walk.is_dry_run);
}

static void every_command_is_answered_once_and_in_order(void **state)
{
    (void)state;
    walk_with((struct world_options){.rate_per_second = 10});
}

static void so_it_is_when_commands_share_calls(void **state)
{
    (void)state;
    walk_with((struct world_options){
        .rate_per_second = 2, .coalesces = true, .reserve_percent = 10, .waiting_per_thing = 10});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_answered_once_and_in_order),
        cmocka_unit_test(so_it_is_when_commands_share_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
