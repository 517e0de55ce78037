/* Commands on their way from the broker to the bridge. */
#include "tests/check.h"
#include "tests/fakes/world.h"
#include "tests/fakes/world_check.h"

#include <stdio.h>
#include <stdlib.h>

#define PAYLOAD_MAX 300000 /* more than may be, so that a test can send too much */

static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    array = realloc(array, *capacity * size);
    assert_non_null(array);
    return array;
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

/* The message as the broker keeps it until it is acknowledged. */
static struct world_arrival *add_arrival(struct world *world, const struct world_command *command)
{
    struct buf topic;
    struct buf payload;
    char correlation[32];
    size_t number = world->arrival_count;
    buf_init(&topic, UINT16_MAX);
    buf_init(&payload, PAYLOAD_MAX);
    word_topic(command, &topic);
    word_payload(command, number, &payload);
    snprintf(correlation, sizeof correlation, "c%zu", number);
    world->arrivals = grow(world->arrivals, world->arrival_count, &world->arrival_capacity,
                           sizeof world->arrivals[0]);
    struct world_arrival *arrival = &world->arrivals[world->arrival_count++];
    *arrival = (struct world_arrival){
        .from = command->from,
        .is_notice = command->is_notice,
        .topic = str_dup(buf_str(&topic)),
        .payload = str_dup(buf_str(&payload)),
        .response_topic = str_dup(str_of(command->response_topic)),
        .correlation =
            command->is_anonymous || command->is_notice ? NULL : str_dup(str_of(correlation)),
        .traceparent = str_dup(str_of(command->traceparent)),
        .tracestate = str_dup(str_of(command->tracestate)),
        .at_ms = world->now_ms,
        .expires_ms = command->expires_in_s > 0 ? world->now_ms + command->expires_in_s * 1000 : -1,
        .is_qos0 = command->is_qos0,
        .is_retained = command->is_retained,
    };
    buf_fini(&topic);
    buf_fini(&payload);
    return arrival;
}

static void deliver(struct world *world, size_t number, bool is_duplicate)
{
    struct world_arrival *arrival = &world->arrivals[number];
    world->deliveries = grow(world->deliveries, world->delivery_count, &world->delivery_capacity,
                             sizeof world->deliveries[0]);
    world->deliveries[world->delivery_count++] = number;
    arrival->link = world_broker_of(world, arrival->from)->link;
    arrival->ticket = (uint64_t)arrival->link << 32 | world->delivery_count;
    arrival->is_acknowledged = false;
    arrival->is_elsewhere =
        !partition_owns(&world->options.partition, command_topic_job_level(str_of(arrival->topic)));
    int64_t left_ms = arrival->expires_ms - world->now_ms;
    uint64_t counted = world_check_counted(world);
    uint64_t dropped = world_check_dropped(world);
    uint64_t elsewhere = bridge_books(world->bridge).elsewhere;
    world->journal.delivering = number;
    bridge_on_arrival(world->bridge,
                      &(struct arrival){
                          .from = arrival->from,
                          .topic = str_of(arrival->topic),
                          .payload = str_of(arrival->payload),
                          .response_topic = str_of(arrival->response_topic),
                          .correlation = str_of(arrival->correlation),
                          .trace = {str_of(arrival->traceparent), str_of(arrival->tracestate)},
                          .expiry_s = arrival->expires_ms < 0 ? -1 : (left_ms + 999) / 1000,
                          .qos = arrival->is_qos0 ? 0 : 1,
                          .is_retained = arrival->is_retained,
                          .is_duplicate = is_duplicate,
                          .ack_ticket = arrival->is_qos0 ? 0 : arrival->ticket,
                      });
    world->journal.delivering = WORLD_NOBODY;
    if (arrival->is_notice && !world->is_dead)
        arrival->is_elsewhere = bridge_books(world->bridge).elsewhere > elsewhere;
    if (!world->is_dead)
        arrival->is_let_go = world_check_dropped(world) > dropped;
    if (world->is_dead) {
        world_look(world);
    } else if (world_check_counted(world) > counted) {
        arrival->is_taken = true;
        world->taken_count++;
    }
}

size_t world_send(struct world *world, const struct world_command *command)
{
    assert_true(world_broker_of(world, command->from)->is_up);
    size_t number = world->arrival_count;
    (void)add_arrival(world, command);
    deliver(world, number, false);
    return number;
}

void world_send_again(struct world *world, size_t number, bool is_duplicate)
{
    assert_true(number < world->arrival_count);
    assert_true(world_broker_of(world, world->arrivals[number].from)->is_up);
    deliver(world, number, is_duplicate);
}

void world_send_unacknowledged(struct world *world, enum side side)
{
    const struct world_broker *broker = world_broker_of(world, side);
    unsigned link = broker->link; /* another one begins at the beginning */
    for (size_t i = 0; i < world->arrival_count && broker->link == link; i++) {
        struct world_arrival *arrival = &world->arrivals[i];
        if (arrival->from != side || arrival->is_qos0 || arrival->is_acknowledged ||
            arrival->is_dropped)
            continue;
        bool has_expired = arrival->expires_ms >= 0 && arrival->expires_ms <= world->now_ms;
        if (has_expired && !arrival->is_taken)
            arrival->is_dropped = true; /* by the broker, before the bridge had it */
        else if (!has_expired)
            deliver(world, i, true);
        else
            arrival->is_acknowledged = true; /* nobody waits for that any more */
    }
}
