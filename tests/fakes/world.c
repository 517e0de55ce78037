#include "tests/fakes/world.h"

#include "base/log.h"
#include "tests/check.h"
#include "tests/fakes/world_check.h"
#include "topics/notify_topic.h"

#include <stdio.h>
#include <stdlib.h>

#define MONO_START_MS 50000000
#define PAYLOAD_MAX   300000 /* more than may be, so that a test can send too much */
#define TURNS_AT_ONCE 10000  /* more without time going by: the bridge would spin */

static int64_t mono_ms(void *context)
{
    const struct world *world = context;
    return MONO_START_MS + world->now_ms;
}

static int64_t wall_ms(void *context)
{
    const struct world *world = context;
    return WORLD_WALL_START_S * INT64_C(1000) + world->now_ms;
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
        .broker = world_broker_port(&world->broker),
        .endpoint = world_endpoint_port(&world->endpoint),
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
    world_broker_init(&world->broker, &world->now_ms);
    world_endpoint_init(&world->endpoint, &world->now_ms);
    struct bridge_options wired = bridge_options_of(world, options);
    assert_int_equal(bridge_new(&wired, &world->bridge), ERR_NONE);
    world_link(world, true);
    return world;
}

void world_free(struct world *world)
{
    bridge_free(world->bridge);
    world_broker_fini(&world->broker);
    world_endpoint_fini(&world->endpoint);
    for (size_t i = 0; i < world->arrival_count; i++)
        free(world->arrivals[i].job);
    free(world->arrivals);
    free(world);
}

static struct world_arrival *add_arrival(struct world *world)
{
    if (world->arrival_count == world->arrival_capacity) {
        world->arrival_capacity = world->arrival_capacity == 0 ? 64 : world->arrival_capacity * 2;
        world->arrivals =
            realloc(world->arrivals, world->arrival_capacity * sizeof(struct world_arrival));
        assert_non_null(world->arrivals);
    }
    size_t number = world->arrival_count++;
    struct world_arrival *arrival = &world->arrivals[number];
    *arrival = (struct world_arrival){.at_ms = world->now_ms, .link = world->broker.link};
    arrival->ticket = (uint64_t)arrival->link << 32 | (number + 1);
    return arrival;
}

static void word_topic(const struct world_command *command, struct buf *out)
{
    struct command_topic topic = {
        .thing = str_of(command->thing),
        .job = str_of(command->job),
        .namespace = str_of(command->namespace),
    };
    if (command->topic != NULL)
        buf_add_text(out, command->topic);
    else
        command_topic_format(STR("jobs-bridge"), &topic, out);
}

static void word_payload(const struct world_command *command, size_t number, struct buf *out)
{
    if (command->payload != NULL) {
        buf_add_text(out, command->payload);
        return;
    }
    buf_format(out, "{\"description\":\"#%zu\",\"clientToken\":\"t%zu\"%s%s}", number, number,
               command->members != NULL ? "," : "",
               command->members != NULL ? command->members : "");
}

size_t world_send(struct world *world, const struct world_command *command)
{
    assert_true(world->broker.is_up);
    size_t number = world->arrival_count;
    struct world_arrival *noted = add_arrival(world);
    struct buf topic;
    struct buf payload;
    char correlation[32];
    buf_init(&topic, UINT16_MAX);
    buf_init(&payload, PAYLOAD_MAX);
    word_topic(command, &topic);
    word_payload(command, number, &payload);
    snprintf(correlation, sizeof correlation, "c%zu", number);
    noted->job = str_dup(str_of(command->job));

    uint64_t received = bridge_books(world->bridge).received;
    bridge_on_arrival(world->bridge,
                      &(struct arrival){
                          .topic = buf_str(&topic),
                          .payload = buf_str(&payload),
                          .response_topic = str_of(command->response_topic),
                          .correlation = str_of(correlation),
                          .expiry_s = command->expires_in_s > 0 ? command->expires_in_s : -1,
                          .qos = command->is_qos0 ? 0 : 1,
                          .is_retained = command->is_retained,
                          .ack_ticket = command->is_qos0 ? 0 : noted->ticket,
                      });
    noted->is_taken = bridge_books(world->bridge).received > received;
    world->taken_count += noted->is_taken;
    buf_fini(&topic);
    buf_fini(&payload);
    return number;
}

void world_link(struct world *world, bool is_up)
{
    world_broker_link(&world->broker, world->bridge, is_up);
}

void world_deliver(struct world *world, size_t count)
{
    world_broker_deliver(&world->broker, world->bridge, count);
    world_check_step(world);
}

void world_turn(struct world *world)
{
    bridge_turn(world->bridge);
    world_check_step(world);
}

static void let_happen(struct world *world)
{
    while (world_endpoint_step(&world->endpoint, world->bridge))
        world_check_step(world);
    while (world_broker_step(&world->broker, world->bridge))
        world_check_step(world);
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
    return earlier(due, world_broker_due_ms(&world->broker));
}

/* Everything due now, and time set to what is due next, but not beyond at_ms. */
static void step(struct world *world, int64_t at_ms)
{
    let_happen(world);
    for (int turns = 0; next_ms(world) <= world->now_ms; turns++) {
        assert_true(turns < TURNS_AT_ONCE);
        let_happen(world);
    }
    world->now_ms = earlier(next_ms(world), at_ms);
}

void world_run_until(struct world *world, int64_t at_ms)
{
    assert_true(at_ms >= world->now_ms);
    while (world->now_ms < at_ms)
        step(world, at_ms);
    step(world, at_ms);
}

void world_run_until_idle(struct world *world, int64_t at_ms)
{
    while (world->now_ms < at_ms && !bridge_is_idle(world->bridge))
        step(world, at_ms);
    assert_true(bridge_is_idle(world->bridge));
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
    return place == 0 ? NULL : &world->broker.posts[place - 1];
}

const char *world_code(const struct world *world, size_t number)
{
    assert_true(number < world->arrival_count);
    return world->arrivals[number].code;
}

size_t world_number_of(const struct world_call *call)
{
    int64_t number;
    const char *at = strstr(call->body, "\"#");
    assert_non_null(at);
    struct str rest = str_of(at + 2);
    assert_true(str_to_int(str_cut(&rest, '"'), 0, INT32_MAX, &number));
    return (size_t)number;
}
