#include "bridge/calling.h"

#include "bridge/batch.h"
#include "bridge/ending.h"
#include "bridge/report.h"
#include "jobs/effect.h"

static struct record *take_call(struct bridge *bridge, uint64_t call_id)
{
    size_t slot = call_id % LIMITS_MAX_IN_FLIGHT;
    struct record *record = bridge->calling[slot];
    if (record == NULL || record->seq != call_id / LIMITS_MAX_IN_FLIGHT)
        return NULL;
    bridge->calling[slot] = NULL;
    return record;
}

/* Whether the record may wait for another call; otherwise it is ended here. */
static bool may_go_on(struct bridge *bridge, struct record *record, int64_t now_ms)
{
    if (ending_deadline_ms(bridge, record) <= now_ms)
        ending_by_time(bridge, record, RECORD_REFUSE, now_ms);
    else if (bridge->is_stopping && !ledger_has_journal(&bridge->ledger))
        ending_by_stop(bridge, record);
    else
        return true;
    return false;
}

/* The first command of the call that may wait for another one; NULL: none. */
static struct record *weed_out(struct bridge *bridge, struct record *first, int64_t now_ms)
{
    struct record *left = NULL;
    for (struct record *next; first != NULL; first = next) {
        next = batch_next(first);
        if (may_go_on(bridge, first, now_ms) && left == NULL)
            left = first;
    }
    return left;
}

static void try_again(struct bridge *bridge, struct record *first, const struct reply *reply,
                      int64_t again_ms)
{
    int64_t now_ms = inside_mono_ms(bridge);
    bool is_in_doubt =
        first->is_in_doubt || (bridge->options.verifies && reply->fault == FAULT_TRANSPORT);
    for (struct record *at = first; at != NULL; at = batch_next(at)) {
        at->last_fault = reply->fault;
        at->is_in_doubt = is_in_doubt;
        at->may_be_applied = at->may_be_applied || reply->class == FAULT_TRANSIENT;
    }
    first = weed_out(bridge, first, now_ms);
    if (first == NULL)
        return;
    bridge->books.retries++;
    report_retry(first, reply, again_ms - now_ms);
    schedule_pause(&bridge->schedule, first, again_ms);
}

/* One bad command must not spoil the others that shared its call. */
static void split(struct bridge *bridge, struct record *first)
{
    first = weed_out(bridge, first, inside_mono_ms(bridge));
    if (first != NULL)
        schedule_split(&bridge->schedule, first);
}

/* What DescribeJob says of a call in doubt: it took effect, or it is made again. */
static void end_doubt(struct bridge *bridge, struct record *first, const struct reply *reply)
{
    buf_clear(&bridge->body);
    batch_write(first, &bridge->body);
    if (reply->class == FAULT_NONE && effect_is_seen(buf_str(&bridge->body), reply->body)) {
        ending_of_call(bridge, first, RECORD_ACCEPT, REJECT_NONE, NULL, STR_NONE);
        return;
    }
    for (struct record *at = first; at != NULL; at = batch_next(at))
        at->is_in_doubt = false;
    int64_t now_ms = inside_mono_ms(bridge);
    first = weed_out(bridge, first, now_ms);
    if (first != NULL)
        schedule_pause(&bridge->schedule, first, now_ms);
}

void calling_reply(struct bridge *bridge, const struct reply *reply)
{
    struct record *first = take_call(bridge, reply->id);
    if (first == NULL)
        return; /* abandoned */
    bridge->endpoint_state = reply->class;
    if (reply->class == FAULT_THROTTLED)
        bridge->books.throttled++;
    enum breaker_state was = bridge_breaker(bridge);
    int64_t again_ms = schedule_judge(&bridge->schedule, first, reply, inside_mono_ms(bridge));
    if ((was == BREAKER_CLOSED) != (bridge_breaker(bridge) == BREAKER_CLOSED))
        report_breaker(bridge_breaker(bridge), reply);
    bool is_answered = reply->class == FAULT_NONE || reply->class == FAULT_PERMANENT;
    if (is_answered && first->is_in_doubt) {
        end_doubt(bridge, first, reply);
    } else if (reply->class == FAULT_NONE) {
        ending_of_call(bridge, first, RECORD_ACCEPT, REJECT_NONE, NULL, reply->request_id);
    } else if (reply->class != FAULT_PERMANENT) {
        try_again(bridge, first, reply, again_ms);
    } else if (batch_is_divisible(first, reply->fault)) {
        split(bridge, first);
    } else {
        struct why why;
        why_set(&why, ERR_REFUSED, NULL, "%.*s", STR_ARG(reply->message));
        ending_of_call(bridge, first, RECORD_REFUSE, reject_of_fault(reply->fault), &why,
                       reply->request_id);
    }
}

void calling_start(struct bridge *bridge, struct record *first)
{
    size_t slot = 0;
    while (bridge->calling[slot] != NULL)
        slot++;
    const struct port_endpoint *endpoint = &bridge->options.endpoint;
    enum err (*start)(void *, const struct call *) =
        first->is_in_doubt ? endpoint->describe : endpoint->call;
    bridge->calling[slot] = first;
    bridge->books.calls++;
    buf_clear(&bridge->body);
    batch_write(first, &bridge->body);
    struct call call = {
        .id = first->seq * LIMITS_MAX_IN_FLIGHT + slot,
        .job = first->job,
        .namespace = first->namespace,
        .body = buf_str(&bridge->body),
    };
    enum err err = buf_err(&bridge->body);
    if (err == ERR_NONE)
        err = start(endpoint->context, &call);
    if (err == ERR_NONE)
        return;
    struct reply reply = {
        .id = call.id,
        .class = FAULT_TRANSIENT,
        .fault = FAULT_TRANSPORT,
        .message = str_of(err_name(err)),
        .request_id = STR_NONE,
        .retry_after_ms = -1,
    };
    calling_reply(bridge, &reply);
}

bool calling_is_any(const struct bridge *bridge)
{
    for (size_t slot = 0; slot < LIMITS_MAX_IN_FLIGHT; slot++)
        if (bridge->calling[slot] != NULL)
            return true;
    return false;
}

void calling_abandon(struct bridge *bridge)
{
    for (size_t slot = 0; slot < LIMITS_MAX_IN_FLIGHT; slot++) {
        struct record *record = bridge->calling[slot];
        bridge->calling[slot] = NULL;
        if (record == NULL || ledger_has_journal(&bridge->ledger))
            continue;
        struct why why;
        why_set(&why, ERR_DOWN, NULL,
                "the bridge stopped during the call; it may have taken effect");
        ending_of_call(bridge, record, RECORD_REFUSE, REJECT_SERVICE_UNAVAILABLE, &why, STR_NONE);
    }
}
