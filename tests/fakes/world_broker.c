#include "tests/fakes/world_broker.h"

#include "base/limits.h"
#include "tests/check.h"

#include <stdlib.h>

void world_broker_init(struct world_broker *broker, enum side side, const int64_t *now_ms)
{
    *broker = (struct world_broker){
        .side = side, .now_ms = now_ms, .window = 64, .payload_max = LIMITS_COMMAND_BYTES};
}

void world_broker_fini(struct world_broker *broker)
{
    for (size_t i = 0; i < broker->count; i++) {
        free(broker->posts[i].topic);
        free(broker->posts[i].payload);
        free(broker->posts[i].correlation);
        free(broker->posts[i].traceparent);
        free(broker->posts[i].tracestate);
    }
    free(broker->posts);
    free(broker->acks);
}

static size_t room(void *context)
{
    const struct world_broker *broker = context;
    size_t out = broker->count - broker->next;
    return broker->is_up && out < broker->window ? broker->window - out : 0;
}

static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    array = realloc(array, *capacity * size);
    assert_non_null(array);
    return array;
}

static enum err publish(void *context, const struct post *post)
{
    struct world_broker *broker = context;
    assert_true(room(broker) > 0);
    if (broker->publish_faults > 0) {
        broker->publish_faults--;
        return ERR_IO;
    }
    if (post->topic.n > UINT16_MAX || post->payload.n > broker->payload_max ||
        post->correlation.n > LIMITS_CORRELATION_BYTES)
        return ERR_INVALID;
    for (size_t i = broker->next; i < broker->count; i++)
        assert_int_not_equal(broker->posts[i].id, post->id);
    broker->posts =
        grow(broker->posts, broker->count, &broker->capacity, sizeof(struct world_post));
    broker->posts[broker->count++] = (struct world_post){
        .id = post->id,
        .topic = str_dup(post->topic),
        .payload = str_dup(post->payload),
        .correlation = str_dup(post->correlation),
        .traceparent = str_dup(post->trace.parent),
        .tracestate = str_dup(post->trace.state),
        .at_ms = *broker->now_ms,
        .link = broker->link,
        .life = broker->life,
    };
    return ERR_NONE;
}

static void acknowledge(void *context, uint64_t ack_ticket)
{
    struct world_broker *broker = context;
    broker->acks =
        grow(broker->acks, broker->ack_count, &broker->ack_capacity, sizeof broker->acks[0]);
    broker->acks[broker->ack_count++] = ack_ticket;
}

struct port_broker world_broker_port(struct world_broker *broker)
{
    return (struct port_broker){
        .context = broker, .room = room, .publish = publish, .acknowledge = acknowledge};
}

void world_broker_link(struct world_broker *broker, struct bridge *bridge, bool is_up)
{
    assert_int_not_equal(broker->is_up, is_up);
    broker->is_up = is_up;
    if (is_up)
        broker->link++;
    else
        broker->next = broker->count; /* nobody will ever hear of the others */
    bridge_on_link(bridge, broker->side, is_up);
}

void world_broker_crash(struct world_broker *broker)
{
    broker->is_up = false;
    broker->next = broker->count;
    broker->life++;
}

int64_t world_broker_due_ms(const struct world_broker *broker)
{
    if (broker->delivers_in_ms == WORLD_WITHHELD || broker->next == broker->count)
        return DUE_NEVER;
    return broker->posts[broker->next].at_ms + broker->delivers_in_ms;
}

void world_broker_deliver(struct world_broker *broker, struct bridge *bridge, size_t count)
{
    for (; count > 0 && broker->next < broker->count; count--) {
        struct world_post *post = &broker->posts[broker->next++];
        bool is_refused = broker->refusals > 0;
        if (is_refused)
            broker->refusals--;
        post->is_delivered = !is_refused;
        bridge_on_delivered(bridge, broker->side, post->id, is_refused ? ERR_REFUSED : ERR_NONE);
    }
}

bool world_broker_step(struct world_broker *broker, struct bridge *bridge)
{
    if (world_broker_due_ms(broker) > *broker->now_ms)
        return false;
    world_broker_deliver(broker, bridge, 1);
    return true;
}

const struct world_post *world_broker_post(const struct world_broker *broker, const char *topic,
                                           size_t number)
{
    for (size_t i = 0; i < broker->count; i++)
        if (strcmp(broker->posts[i].topic, topic) == 0 && number-- == 0)
            return &broker->posts[i];
    return NULL;
}

size_t world_broker_posts(const struct world_broker *broker, const char *topic)
{
    size_t count = 0;
    while (world_broker_post(broker, topic, count) != NULL)
        count++;
    return count;
}
