#include "http/caller.h"

#include "base/limits.h"
#include "http/aws.h"

#include <stdlib.h>

struct caller {
    struct aws *aws;
    int64_t timeout_ms;
    void *context;
    void (*on_reply)(void *context, const struct reply *reply);
    struct caller_stats stats;
};

static void on_answer(void *context, const struct aws_answer *answer)
{
    struct caller *caller = context;
    caller->stats.ended[answer->class]++;
    if (answer->took_us >= 0)
        histogram_add(&caller->stats.latency, answer->took_us);
    const struct reply reply = {
        .id = answer->id,
        .class = answer->class,
        .fault = answer->fault,
        .http_status = answer->http_status,
        .message = answer->message,
        .request_id = answer->request_id,
        .retry_after_ms = answer->retry_after_ms,
        .body = answer->body,
    };
    caller->on_reply(caller->context, &reply);
}

enum err caller_new(struct http *http, struct credentials *credentials,
                    const struct caller_options *options, struct caller **ret, struct why *why)
{
    struct endpoint endpoint;
    enum err err = endpoint_parse(str_of(options->endpoint), &endpoint, why);
    if (err != ERR_NONE)
        return err;
    struct caller *caller = calloc(1, sizeof *caller);
    if (caller == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    caller->timeout_ms = options->timeout_ms;
    caller->context = options->context;
    caller->on_reply = options->on_reply;
    caller->stats = options->stats;
    const struct aws_options aws = {
        .http = http,
        .credentials = credentials,
        .endpoint = &endpoint,
        .region = str_of(options->region),
        .done = on_answer,
        .context = caller,
    };
    err = aws_new(&aws, &caller->aws, why);
    if (err != ERR_NONE)
        goto fail;
    *ret = caller;
    return ERR_NONE;

fail:
    caller_free(caller);
    return err;
}

void caller_free(struct caller *caller)
{
    if (caller == NULL)
        return;
    aws_free(caller->aws);
    free(caller);
}

/* Both are [a-zA-Z0-9_-]: nothing else may come near a URL, whoever forgot to check; nor anything
 * but a valid trace near a header. */
static bool is_id(struct str id, size_t max)
{
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            return false;
    }
    return id.n > 0 && id.n <= max;
}

/* The room is for both. */
static struct str join(char *room, struct str prefix, struct str id)
{
    char *at = room;
    str_place(&at, prefix);
    str_place(&at, id);
    return (struct str){room, (size_t)(at - room)};
}

enum err caller_call(void *context, const struct call *call)
{
    struct caller *caller = context;
    char path[sizeof "/jobs/" + LIMITS_JOB_ID];
    char query[sizeof "namespaceId=" + LIMITS_NAMESPACE_ID];
    bool has_namespace = !str_is_absent(call->namespace);
    if (!is_id(call->job, LIMITS_JOB_ID) ||
        (has_namespace && !is_id(call->namespace, LIMITS_NAMESPACE_ID)))
        return ERR_INVALID;
    const struct aws_request request = {
        .id = call->id,
        .method = "PATCH",
        .path = join(path, STR("/jobs/"), call->job),
        .query = has_namespace ? join(query, STR("namespaceId="), call->namespace) : STR_NONE,
        .body = call->body,
        .trace = trace_of(call->trace.parent, call->trace.state),
        .timeout_ms = caller->timeout_ms,
    };
    return aws_start(caller->aws, &request);
}

enum err caller_describe(void *context, const struct call *call)
{
    struct caller *caller = context;
    char path[sizeof "/jobs/" + LIMITS_JOB_ID];
    if (!is_id(call->job, LIMITS_JOB_ID))
        return ERR_INVALID;
    const struct aws_request request = {
        .id = call->id,
        .method = "GET",
        .path = join(path, STR("/jobs/"), call->job),
        .trace = trace_of(call->trace.parent, call->trace.state),
        .timeout_ms = caller->timeout_ms,
    };
    enum err err = aws_start(caller->aws, &request);
    caller->stats.described += err == ERR_NONE;
    return err;
}

const struct caller_stats *caller_stats(const struct caller *caller)
{
    return &caller->stats;
}

void caller_turn(struct caller *caller)
{
    aws_turn(caller->aws);
}

bool caller_is_due(const struct caller *caller)
{
    return aws_is_due(caller->aws);
}
