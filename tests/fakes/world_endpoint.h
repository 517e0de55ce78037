/*
 * The endpoint of the scripted world: records every UpdateJob call and ends it as the script says,
 * so many milliseconds later.
 */
#ifndef FAKES_WORLD_ENDPOINT_H
#define FAKES_WORLD_ENDPOINT_H

#include "base/limits.h"
#include "bridge/bridge.h"

/* How a call ends. All zero: done at once. */
struct world_reply {
    enum fault fault;
    int64_t takes_ms;
    int64_t retry_after_ms;  /* what the service asks for; 0: nothing */
    bool is_never;           /* no reply ever comes */
    const char *description; /* what a DescribeJob is answered */
    enum err start_err;      /* not ERR_NONE: the call cannot even be started */
};

struct world_call {
    uint64_t id;
    char *job;
    char *namespace; /* NULL: none */
    char *body;
    char *traceparent; /* NULL: none */
    bool is_question;  /* a DescribeJob about the body */
    int64_t started_ms;
    int64_t ends_ms; /* DUE_NEVER: no reply comes */
    struct world_reply reply;
    bool is_open;
};

struct world_line {
    const char *job; /* NULL: of any job */
    struct world_reply reply;
};

/* Decides how a call ends, where the script has no line for it. */
typedef struct world_reply world_decide_fn(void *context, const struct world_call *call);

#define WORLD_LINES_MAX 64

struct world_endpoint {
    const int64_t *now_ms;
    struct world_reply usual; /* where neither script nor decide says anything */
    world_decide_fn *decide;  /* NULL: the usual */
    void *decide_context;
    struct world_line script[WORLD_LINES_MAX];
    size_t line_count;
    struct world_call *calls; /* all there ever were, in order */
    size_t count;
    size_t capacity;
    size_t open[LIMITS_MAX_IN_FLIGHT]; /* places in calls */
    size_t open_count;
    size_t open_most; /* at any one time */
    size_t *effects;  /* places of the calls that changed their job, in the order they did */
    size_t effect_count;
    size_t effect_capacity;
};

void world_endpoint_init(struct world_endpoint *endpoint, const int64_t *now_ms);
void world_endpoint_fini(struct world_endpoint *endpoint);
struct port_endpoint world_endpoint_port(struct world_endpoint *endpoint);

/* The next call of the job (NULL: of any) that has no line yet ends like this. */
void world_endpoint_script(struct world_endpoint *endpoint, const char *job,
                           struct world_reply reply);

int64_t world_endpoint_due_ms(const struct world_endpoint *endpoint);

/* Tells the bridge of one call that has ended; false: none has. */
bool world_endpoint_step(struct world_endpoint *endpoint, struct bridge *bridge);

/* Nobody is there any more to be told of the calls that are open; those that would have been done
 * have taken effect all the same. */
void world_endpoint_crash(struct world_endpoint *endpoint);

/* Calls started at from_ms or later and before to_ms; job NULL: of any. */
size_t world_endpoint_calls(const struct world_endpoint *endpoint, const char *job, int64_t from_ms,
                            int64_t to_ms);

#endif
