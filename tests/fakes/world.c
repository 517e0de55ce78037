#include "tests/fakes/world.h"

#include "base/log.h"
#include "tests/check.h"
#include "tests/fakes/world_check.h"
#include "tests/fakes/world_leave.h"
#include "topics/notify_topic.h"

#include <stdlib.h>

#define MONO_START_MS 50000000
#define TURNS_AT_ONCE 10000 /* more without time going by: the bridge would spin */

static int64_t mono_ms(void *context)
{
    const struct world *world = context;
    return MONO_START_MS + world->now_ms;
}

static int64_t wall_ms(void *context)
{
    const struct world *world = context;
    return WORLD_WALL_START_S * INT64_C(1000) + world->now_ms + world->wall_shift_ms;
}

/* splitmix64; its small bias does not matter here. */
uint64_t world_below(struct world *world, uint64_t limit)
{
    if (limit == 0 || world->chance == 0)
        return limit == 0 ? 0 : limit - 1;
    world->chance += 0x9e3779b97f4a7c15;
    uint64_t z = world->chance;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % limit;
}

static uint64_t below(void *context, uint64_t limit)
{
    return world_below(context, limit);
}

static struct bridge_options bridge_options_of(struct world *world,
                                               const struct world_options *options)
{
    const char *notify = options->notify != NULL ? options->notify : "documented";
    return (struct bridge_options){
        .outcome = {.root = STR("jobs-bridge"),
                    .reserved_prefix = STR("$aws"),
                    .templates = {notify_topic_template(str_of(notify))},
                    .template_count = 1,
                    .executions = options->find},
        .schedule = {.max_in_flight = world->max_in_flight,
                     .rate_per_second = options->rate_per_second,
                     .burst = options->burst != 0 ? options->burst : 10,
                     .coalesces = options->coalesces,
                     .reserve_percent = options->reserve_percent,
                     .waiting_per_thing = options->waiting_per_thing},
        .deadline_ms = options->deadline_ms != 0 ? options->deadline_ms : 300000,
        .verifies = options->verifies,
        .brokers = {world_leave_broker(world, SIDE_LOCAL),
                    options->has_upstream ? world_leave_broker(world, SIDE_UPSTREAM)
                                          : (struct port_broker){0}},
        .takes_upstream_commands = options->has_upstream,
        .endpoint = world_leave_endpoint(world),
        .journal = options->is_forgetful ? (struct port_journal){0} : world_leave_journal(world),
        .policy = options->policy,
        .partition = options->partition,
        .memory = options->memory,
        .time = {.context = world, .mono_ms = mono_ms, .wall_ms = wall_ms},
        .chance = {.context = world, .below = below},
    };
}

struct world *world_new(const struct world_options *options)
{
    log_set_level(LOG_ERROR);
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->chance = options->seed;
    world->max_in_flight = options->max_in_flight != 0 ? options->max_in_flight : 8;
    world->coalesces = options->coalesces;
    world->is_forgetful = options->is_forgetful;
    world->redelivers = options->redelivers;
    world->has_upstream = options->has_upstream;
    world_broker_init(&world->broker, SIDE_LOCAL, &world->now_ms);
    world_broker_init(&world->upstream, SIDE_UPSTREAM, &world->now_ms);
    world_endpoint_init(&world->endpoint, &world->now_ms);
    world_journal_init(&world->journal);
    world->options = bridge_options_of(world, options);
    assert_int_equal(bridge_new(&world->options, &world->bridge), ERR_NONE);
    world_link(world, true);
    if (world->has_upstream)
        world_link_upstream(world, true);
    return world;
}

struct world_broker *world_broker_of(struct world *world, enum side side)
{
    return side == SIDE_LOCAL ? &world->broker : &world->upstream;
}

void world_free(struct world *world)
{
    bridge_free(world->bridge);
    world_broker_fini(&world->broker);
    world_broker_fini(&world->upstream);
    world_endpoint_fini(&world->endpoint);
    world_journal_fini(&world->journal);
    for (size_t i = 0; i < world->arrival_count; i++) {
        free(world->arrivals[i].topic);
        free(world->arrivals[i].payload);
        free(world->arrivals[i].response_topic);
        free(world->arrivals[i].correlation);
        free(world->arrivals[i].traceparent);
        free(world->arrivals[i].tracestate);
    }
    free(world->arrivals);
    free(world->deliveries);
    free(world);
}

/* What the bridge had received is now what the journal has. */
static void count_again(struct world *world)
{
    for (size_t i = 0; i < world->arrival_count; i++) {
        struct world_arrival *arrival = &world->arrivals[i];
        if (arrival->is_qos0)
            arrival->is_dropped = true;
        arrival->is_taken = false;
    }
    world->taken_count = 0;
    for (size_t i = 0; i < world->journal.count; i++) {
        struct world_arrival *arrival = &world->arrivals[world->journal.rows[i].number];
        arrival->is_taken = true;
        arrival->is_dropped = false;
        world->taken_count += !arrival->is_notice;
    }
}

void world_kill(struct world *world)
{
    assert_false(world->is_forgetful);
    bridge_free(world->bridge);
    world->bridge = NULL;
    world->is_dead = false;
    world->dies_in = world->dies_again_in;
    world->dies_again_in = 0;
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        world->was_up[side] = world_broker_of(world, side)->is_up;
        world_broker_crash(world_broker_of(world, side));
    }
    world_endpoint_crash(&world->endpoint);
    world_journal_crash(&world->journal);
    world->calls_before = world->endpoint.count;
    count_again(world);
}

void world_start(struct world *world)
{
    struct why why = {0};
    assert_int_equal(bridge_new(&world->options, &world->bridge), ERR_NONE);
    assert_int_equal(bridge_recover(world->bridge, &why), ERR_NONE);
    world_look(world);
    if (world->was_up[SIDE_LOCAL] && !world->broker.is_up)
        world_link(world, true);
    if (world->was_up[SIDE_UPSTREAM] && !world->upstream.is_up)
        world_link_upstream(world, true);
}

void world_crash(struct world *world)
{
    world_kill(world);
    world_start(world);
}

void world_look(struct world *world)
{
    const char *reason;
    bool is_over = world->is_dead || bridge_is_broken(world->bridge, &reason);
    if (is_over) {
        world_check_left(world);
        world_crash(world);
    } else {
        world_check_step(world);
    }
}

void world_link(struct world *world, bool is_up)
{
    world_broker_link(&world->broker, world->bridge, is_up);
    if (is_up && world->redelivers)
        world_send_unacknowledged(world, SIDE_LOCAL);
}

void world_link_upstream(struct world *world, bool is_up)
{
    world_broker_link(&world->upstream, world->bridge, is_up);
    if (is_up && world->redelivers)
        world_send_unacknowledged(world, SIDE_UPSTREAM);
}

void world_deliver(struct world *world, size_t count)
{
    world_broker_deliver(&world->broker, world->bridge, count);
    world_look(world);
}

void world_turn(struct world *world)
{
    bridge_turn(world->bridge);
    world_look(world);
}

static void let_happen(struct world *world)
{
    while (world_endpoint_step(&world->endpoint, world->bridge))
        world_look(world);
    for (enum side side = 0; side < SIDE_COUNT; side++)
        while (world_broker_step(world_broker_of(world, side), world->bridge))
            world_look(world);
    world_turn(world);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_ms(const struct world *world)
{
    int64_t due = bridge_due_ms(world->bridge);
    if (due != DUE_NEVER)
        due -= MONO_START_MS;
    due = earlier(due, world_endpoint_due_ms(&world->endpoint));
    due = earlier(due, world_broker_due_ms(&world->broker));
    return earlier(due, world_broker_due_ms(&world->upstream));
}

/* Everything due now, and time set to what is due next, but not beyond at_ms. */
static void step(struct world *world, int64_t at_ms)
{
    unsigned life = world->broker.life;
    let_happen(world);
    for (int turns = 0; next_ms(world) <= world->now_ms; turns++) {
        assert_true(turns < TURNS_AT_ONCE);
        let_happen(world);
    }
    if (world->broker.life == life) /* a new process begins with a turn */
        world->now_ms = earlier(next_ms(world), at_ms);
}

void world_run_until(struct world *world, int64_t at_ms)
{
    assert_true(at_ms >= world->now_ms);
    while (world->now_ms < at_ms)
        step(world, at_ms);
    step(world, at_ms);
}

bool world_is_at_rest(const struct world *world)
{
    return bridge_is_idle(world->bridge) && bridge_books(world->bridge).waiting == 0;
}

void world_run_until_idle(struct world *world, int64_t at_ms)
{
    while (world->now_ms < at_ms && !world_is_at_rest(world))
        step(world, at_ms);
    assert_true(world_is_at_rest(world));
}

void world_end(struct world *world)
{
    world_check_step(world);
    world_check_end(world);
    world_free(world);
}

const struct world_post *world_answer(const struct world *world, size_t number)
{
    assert_true(number < world->arrival_count);
    size_t place = world->arrivals[number].last_answer;
    const struct world_broker *broker =
        world->arrivals[number].from == SIDE_LOCAL ? &world->broker : &world->upstream;
    return place == 0 ? NULL : &broker->posts[place - 1];
}

const char *world_code(const struct world *world, size_t number)
{
    assert_true(number < world->arrival_count);
    return world->arrivals[number].code;
}

bool world_has_number(struct str body)
{
    return memmem(body.p, body.n, "\"#", 2) != NULL;
}

size_t world_number_in(struct str body)
{
    int64_t number;
    const char *at = memmem(body.p, body.n, "\"#", 2);
    assert_non_null(at);
    struct str rest = {at + 2, body.n - (size_t)(at + 2 - body.p)};
    assert_true(str_to_int(str_cut(&rest, '"'), 0, INT32_MAX, &number));
    return (size_t)number;
}

size_t world_number_of(const struct world_call *call)
{
    return world_number_in(str_of(call->body));
}

size_t world_delivered(const struct world *world, uint64_t ticket)
{
    size_t serial = (size_t)(ticket & UINT32_MAX);
    assert_in_range(serial, 1, world->delivery_count);
    return world->deliveries[serial - 1];
}
