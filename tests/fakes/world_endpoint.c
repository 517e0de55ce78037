#include "tests/fakes/world_endpoint.h"

#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>

void world_endpoint_init(struct world_endpoint *endpoint, const int64_t *now_ms)
{
    *endpoint = (struct world_endpoint){.now_ms = now_ms};
}

void world_endpoint_fini(struct world_endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->count; i++) {
        free(endpoint->calls[i].job);
        free(endpoint->calls[i].namespace);
        free(endpoint->calls[i].body);
        free(endpoint->calls[i].traceparent);
    }
    free(endpoint->calls);
    free(endpoint->effects);
}

void world_endpoint_script(struct world_endpoint *endpoint, const char *job,
                           struct world_reply reply)
{
    assert_true(endpoint->line_count < WORLD_LINES_MAX);
    endpoint->script[endpoint->line_count++] = (struct world_line){job, reply};
}

static struct world_reply decide(struct world_endpoint *endpoint, const struct world_call *call)
{
    for (size_t i = 0; i < endpoint->line_count; i++) {
        const struct world_line *line = &endpoint->script[i];
        if (line->job != NULL && strcmp(line->job, call->job) != 0)
            continue;
        struct world_reply reply = line->reply;
        endpoint->line_count--;
        memmove(&endpoint->script[i], &endpoint->script[i + 1],
                (endpoint->line_count - i) * sizeof endpoint->script[0]);
        return reply;
    }
    return endpoint->decide != NULL ? endpoint->decide(endpoint->decide_context, call)
                                    : endpoint->usual;
}

/* One call in flight per job, and no more at once than there may ever be. */
static void check_start(const struct world_endpoint *endpoint, struct str job)
{
    assert_true(endpoint->open_count < LIMITS_MAX_IN_FLIGHT);
    for (size_t i = 0; i < endpoint->open_count; i++)
        assert_false(str_eq_text(job, endpoint->calls[endpoint->open[i]].job));
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

static struct world_call *add_call(struct world_endpoint *endpoint)
{
    endpoint->calls =
        grow(endpoint->calls, endpoint->count, &endpoint->capacity, sizeof endpoint->calls[0]);
    return &endpoint->calls[endpoint->count++];
}

static void take_effect(struct world_endpoint *endpoint, size_t number)
{
    if (endpoint->calls[number].reply.fault != FAULT_OK || endpoint->calls[number].is_question)
        return;
    endpoint->effects = grow(endpoint->effects, endpoint->effect_count, &endpoint->effect_capacity,
                             sizeof endpoint->effects[0]);
    endpoint->effects[endpoint->effect_count++] = number;
}

static enum err begin(struct world_endpoint *endpoint, const struct call *call, bool is_question)
{
    check_start(endpoint, call->job);
    struct world_call *noted = add_call(endpoint);
    *noted = (struct world_call){
        .id = call->id,
        .job = str_dup(call->job),
        .namespace = str_dup(call->namespace),
        .body = str_dup(call->body),
        .traceparent = str_dup(call->trace.parent),
        .is_question = is_question,
        .started_ms = *endpoint->now_ms,
        .ends_ms = DUE_NEVER,
    };
    noted->reply = decide(endpoint, noted);
    if (noted->reply.start_err != ERR_NONE)
        return noted->reply.start_err;
    if (!noted->reply.is_never)
        noted->ends_ms = noted->started_ms + noted->reply.takes_ms;
    noted->is_open = true;
    endpoint->open[endpoint->open_count++] = endpoint->count - 1;
    if (endpoint->open_count > endpoint->open_most)
        endpoint->open_most = endpoint->open_count;
    return ERR_NONE;
}

static enum err start(void *context, const struct call *call)
{
    return begin(context, call, false);
}

static enum err describe(void *context, const struct call *call)
{
    return begin(context, call, true);
}

struct port_endpoint world_endpoint_port(struct world_endpoint *endpoint)
{
    return (struct port_endpoint){.context = endpoint, .call = start, .describe = describe};
}

/* The place in open of the call that ends first; open_count when none is open. */
static size_t first_to_end(const struct world_endpoint *endpoint)
{
    size_t first = 0;
    for (size_t i = 1; i < endpoint->open_count; i++)
        if (endpoint->calls[endpoint->open[i]].ends_ms <
            endpoint->calls[endpoint->open[first]].ends_ms)
            first = i;
    return first;
}

int64_t world_endpoint_due_ms(const struct world_endpoint *endpoint)
{
    if (endpoint->open_count == 0)
        return DUE_NEVER;
    return endpoint->calls[endpoint->open[first_to_end(endpoint)]].ends_ms;
}

static void tell(const struct world_call *call, size_t number, struct bridge *bridge)
{
    char message[96];
    char request_id[32];
    bool is_answered = call->reply.fault != FAULT_TRANSPORT;
    snprintf(message, sizeof message, "scripted %s", fault_name(call->reply.fault));
    snprintf(request_id, sizeof request_id, "request-%zu", number);
    bridge_on_reply(
        bridge,
        &(struct reply){
            .id = call->id,
            .class = fault_class_of(call->reply.fault),
            .fault = call->reply.fault,
            .http_status = fault_http_status(call->reply.fault),
            .message = str_of(message),
            .request_id = is_answered ? str_of(request_id) : STR_NONE,
            .retry_after_ms = call->reply.retry_after_ms > 0 ? call->reply.retry_after_ms : -1,
            .body = str_of(call->reply.description),
        });
}

bool world_endpoint_step(struct world_endpoint *endpoint, struct bridge *bridge)
{
    if (world_endpoint_due_ms(endpoint) > *endpoint->now_ms)
        return false;
    size_t place = first_to_end(endpoint);
    size_t number = endpoint->open[place];
    /* Those left keep their order, so that equal times end in the order of their starts. */
    endpoint->open_count--;
    memmove(&endpoint->open[place], &endpoint->open[place + 1],
            (endpoint->open_count - place) * sizeof endpoint->open[0]);
    endpoint->calls[number].is_open = false;
    take_effect(endpoint, number);
    tell(&endpoint->calls[number], number, bridge);
    return true;
}

void world_endpoint_crash(struct world_endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->open_count; i++) {
        endpoint->calls[endpoint->open[i]].is_open = false;
        take_effect(endpoint, endpoint->open[i]);
    }
    endpoint->open_count = 0;
}

size_t world_endpoint_calls(const struct world_endpoint *endpoint, const char *job, int64_t from_ms,
                            int64_t to_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < endpoint->count; i++) {
        const struct world_call *call = &endpoint->calls[i];
        if (call->started_ms >= from_ms && call->started_ms < to_ms &&
            (job == NULL || strcmp(call->job, job) == 0))
            count++;
    }
    return count;
}
