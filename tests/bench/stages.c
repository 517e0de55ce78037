/*
 * The pure part of a command's walk, without broker, endpoint and journal: the same commands each
 * time, in windows of 64, as fixed as work can be. stages.py counts its instructions.
 */
#include "base/log.h"
#include "bridge/bridge.h"
#include "topics/topics.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define COMMANDS 2048
#define WINDOW   64
#define JOBS     256
#define POSTS    3 /* answer, notify event, dashboard event */
#define WALL_MS  1700000000000

struct walk {
    struct bridge *bridge;
    uint64_t calls[WINDOW]; /* not answered yet */
    size_t call_count;
    uint64_t posts[WINDOW * POSTS]; /* not delivered yet */
    size_t post_count;
    size_t bytes;
    size_t acknowledged;
};

static size_t room(void *context)
{
    const struct walk *walk = context;
    return COUNT_OF(walk->posts) - walk->post_count;
}

static enum err publish(void *context, const struct post *post)
{
    struct walk *walk = context;
    walk->posts[walk->post_count++] = post->id;
    walk->bytes += post->topic.n + post->payload.n;
    return ERR_NONE;
}

static void acknowledge(void *context, uint64_t ticket)
{
    (void)ticket;
    struct walk *walk = context;
    walk->acknowledged++;
}

static enum err call(void *context, const struct call *call)
{
    struct walk *walk = context;
    assert(walk->call_count < COUNT_OF(walk->calls));
    walk->calls[walk->call_count++] = call->id;
    walk->bytes += call->body.n;
    return ERR_NONE;
}

static int64_t mono_ms(void *context)
{
    (void)context;
    return 1;
}

static int64_t wall_ms(void *context)
{
    (void)context;
    return WALL_MS;
}

static uint64_t below(void *context, uint64_t limit)
{
    (void)context;
    return limit / 2;
}

static void start(struct walk *walk)
{
    struct port_chance chance = {NULL, below};
    struct bridge_options options = {
        .outcome =
            {
                .root = STR("jobs-bridge"),
                .reserved_prefix = STR("$aws"),
                .templates = {notify_topic_template(STR("documented"))},
                .template_count = 1,
            },
        .schedule =
            {
                .max_in_flight = WINDOW,
                .coalesces = true,
                .waiting_per_thing = 1000,
                .chance = chance,
            },
        .deadline_ms = 300000,
        .brokers = {{walk, room, publish, acknowledge}},
        .endpoint = {walk, call},
        .time = {NULL, mono_ms, wall_ms, NULL},
        .chance = chance,
    };
    enum err err = bridge_new(&options, &walk->bridge);
    assert(err == ERR_NONE);
    bridge_on_link(walk->bridge, SIDE_LOCAL, true);
}

static void arrive(struct walk *walk, unsigned number)
{
    char topic[128];
    char payload[512];
    int topic_n = snprintf(topic, sizeof topic, "jobs-bridge/things/thing-%u/jobs/job-%u/update",
                           number % JOBS, number % JOBS);
    int payload_n = snprintf(payload, sizeof payload,
                             "{\"clientToken\":\"token-%u\",\"namespaceId\":\"site\","
                             "\"description\":\"firmware of the pumps in hall 7, second wave\","
                             "\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":30},"
                             "\"jobExecutionsRolloutConfig\":{\"maximumPerMinute\":100}}",
                             number);
    struct arrival arrival = {
        .topic = {topic, (size_t)topic_n},
        .payload = {payload, (size_t)payload_n},
        .expiry_s = -1,
        .qos = 1,
        .ack_ticket = number + 1,
    };
    bridge_on_arrival(walk->bridge, &arrival);
}

static void reply_to_all(struct walk *walk)
{
    for (size_t i = 0; i < walk->call_count; i++) {
        struct reply reply = {
            .id = walk->calls[i],
            .http_status = 200,
            .request_id = STR("0123456789abcdef"),
            .retry_after_ms = -1,
        };
        bridge_on_reply(walk->bridge, &reply);
    }
    walk->call_count = 0;
}

static void deliver_all(struct walk *walk)
{
    for (size_t i = 0; i < walk->post_count; i++)
        bridge_on_delivered(walk->bridge, SIDE_LOCAL, walk->posts[i], ERR_NONE);
    walk->post_count = 0;
}

static void one_window(struct walk *walk, unsigned first)
{
    for (unsigned i = 0; i < WINDOW; i++)
        arrive(walk, first + i);
    bridge_turn(walk->bridge);
    reply_to_all(walk);
    bridge_turn(walk->bridge);
    deliver_all(walk);
}

int main(void)
{
    static struct walk walk;
    log_set_level(LOG_ERROR);
    start(&walk);
    for (unsigned first = 0; first < COMMANDS; first += WINDOW)
        one_window(&walk, first);
    struct bridge_books books = bridge_books(walk.bridge);
    bool is_whole =
        books.accepted == COMMANDS && walk.acknowledged == COMMANDS && bridge_is_idle(walk.bridge);
    printf("%zu commands, %zu bytes out\n", (size_t)books.accepted, walk.bytes);
    bridge_free(walk.bridge);
    return is_whole ? 0 : 1;
}
