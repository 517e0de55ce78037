#include "bridge/outcome.h"

#include "base/emit.h"
#include "base/limits.h"
#include "topics/event_topic.h"
#include "topics/notify_topic.h"
#include "topics/result_topic.h"

#include <stdio.h>

static bool is_accepted(const struct record *record)
{
    return record->outcome.code == REJECT_NONE;
}

static unsigned notify_count(const struct outcome_options *options, const struct record *record)
{
    if (str_is_absent(record->namespace))
        return 0;
    return (unsigned)(record->target_count * options->template_count);
}

unsigned outcome_post_count(const struct outcome_options *options, const struct record *record)
{
    unsigned answer = 1;
    if (record->is_notice)
        return (unsigned)(record->notice.count * options->template_count);
    if (record->is_repeat)
        return answer;
    unsigned event = str_is_absent(record->job) ? 0 : 1;
    bool has_notify = is_accepted(record) && !record->is_dry_run;
    return answer + (has_notify ? notify_count(options, record) : 0) + event;
}

bool outcome_is_answer(const struct record *record, unsigned index)
{
    return !record->is_notice && index == 0;
}

/* By the template of the event with this number, counted over things or jobs. */
static enum err write_event_topic(const struct outcome_options *options, unsigned number,
                                  struct str thing, struct str job, struct str namespace,
                                  struct buf *topic, struct why *why)
{
    const struct notify_topic_values values = {
        .prefix = options->reserved_prefix,
        .root = options->root,
        .thing = thing,
        .job = job,
        .namespace = namespace,
    };
    struct str template = options->templates[number % options->template_count];
    return notify_topic_format(template, &values, topic, why);
}

static enum err write_notify_topic(const struct outcome_options *options,
                                   const struct record *record, unsigned number, struct buf *topic,
                                   struct why *why)
{
    struct str thing = record->targets[number / options->template_count];
    return write_event_topic(options, number, thing, record->job, record->namespace, topic, why);
}

/* The member of the command that brought in the target whose topic is at fault. */
static void name_target(const struct outcome_options *options, const struct record *record,
                        unsigned number, struct why *why)
{
    size_t target = number / options->template_count;
    size_t sender = str_is_absent(record->thing) ? 0 : 1;
    if (why == NULL)
        return;
    if (target < sender)
        snprintf(why->field, sizeof why->field, "namespaceId");
    else
        snprintf(why->field, sizeof why->field, "things");
}

enum err outcome_check_notify(const struct outcome_options *options, const struct record *record,
                              struct why *why)
{
    struct buf topic;
    buf_init(&topic, LIMITS_TOPIC_BYTES);
    enum err err = ERR_NONE;
    unsigned count = notify_count(options, record);
    for (unsigned number = 0; number < count && err == ERR_NONE; number++) {
        buf_clear(&topic);
        err = write_notify_topic(options, record, number, &topic, why);
        if (err != ERR_NONE)
            name_target(options, record, number, why);
    }
    buf_fini(&topic);
    return err;
}

static void emit_ids(struct emit *emit, const struct record *record)
{
    emit_str(emit, "jobId", record->job);
    emit_str(emit, "thingName", record->thing);
    emit_str(emit, "namespaceId", record->namespace);
}

static void emit_update(struct emit *emit, const struct record *record)
{
    emit_object(emit, "update");
    for (int member = 0; member < UPDATE_MEMBER_COUNT; member++)
        emit_raw(emit, update_member_name((enum update_member)member),
                 record->update.member[member]);
    emit_object_end(emit);
}

static void emit_request(struct emit *emit, const struct record *record)
{
    char target[256];
    bool has_namespace = !str_is_absent(record->namespace);
    snprintf(target, sizeof target, "/jobs/%.*s%s%.*s", STR_ARG(record->job),
             has_namespace ? "?namespaceId=" : "", STR_ARG(record->namespace));
    emit_object(emit, "request");
    emit_text(emit, "method", "PATCH");
    emit_text(emit, "target", target);
    emit_object(emit, "body");
    for (int member = 0; member < UPDATE_MEMBER_COUNT; member++)
        emit_raw(emit, update_member_name((enum update_member)member),
                 record->update.member[member]);
    emit_object_end(emit);
    emit_object_end(emit);
}

static void emit_plan(struct emit *emit, const struct outcome_options *options,
                      const struct record *record)
{
    emit_bool(emit, "dryRun", true);
    emit_request(emit, record);
    emit_array(emit, "notify");
    struct buf topic;
    buf_init(&topic, LIMITS_TOPIC_BYTES);
    unsigned count = notify_count(options, record);
    for (unsigned number = 0; number < count; number++) {
        buf_clear(&topic);
        if (write_notify_topic(options, record, number, &topic, NULL) == ERR_NONE)
            emit_str(emit, NULL, buf_str(&topic));
    }
    buf_fini(&topic);
    emit_array_end(emit);
}

static void write_accepted(const struct outcome_options *options, const struct record *record,
                           struct buf *payload)
{
    struct emit emit = emit_to(payload);
    emit_object(&emit, NULL);
    emit_str(&emit, "clientToken", record->client_token);
    emit_int(&emit, "timestamp", record->outcome.decided_at_s);
    emit_ids(&emit, record);
    emit_str(&emit, "requestId", record->outcome.request_id);
    emit_int(&emit, "attempts", record->attempts);
    emit_int(&emit, "coalesced", record->shared_by);
    if (record->is_dry_run)
        emit_plan(&emit, options, record);
    emit_object_end(&emit);
}

static void write_rejected(const struct record *record, struct buf *payload)
{
    const struct outcome *outcome = &record->outcome;
    struct emit emit = emit_to(payload);
    emit_object(&emit, NULL);
    emit_str(&emit, "clientToken", record->client_token);
    emit_int(&emit, "timestamp", outcome->decided_at_s);
    emit_text(&emit, "code", reject_name(outcome->code));
    emit_str(&emit, "message", str_is_absent(outcome->message) ? STR("") : outcome->message);
    emit_str(&emit, "field", outcome->field);
    if (outcome->retry_after_s >= 0)
        emit_int(&emit, "retryAfter", outcome->retry_after_s);
    emit_object_end(&emit);
}

static void write_answer(const struct outcome_options *options, const struct record *record,
                         struct buf *topic, struct buf *payload)
{
    if (str_is_absent(record->response_topic))
        result_topic_format(record->topic, is_accepted(record), topic);
    else
        buf_add(topic, record->response_topic);
    if (is_accepted(record))
        write_accepted(options, record, payload);
    else
        write_rejected(record, payload);
}

static void emit_execution(struct emit *emit, struct str job, const struct execution *execution)
{
    emit_object(emit, "jobs");
    emit_array(emit, execution->is_in_progress ? "IN_PROGRESS" : "QUEUED");
    emit_object(emit, NULL);
    emit_str(emit, "jobId", job);
    emit_int(emit, "queuedAt", execution->queued_at_s);
    emit_int(emit, "lastUpdatedAt", execution->last_updated_at_s);
    if (execution->started_at_s >= 0)
        emit_int(emit, "startedAt", execution->started_at_s);
    emit_int(emit, "executionNumber", execution->execution_number);
    emit_int(emit, "versionNumber", execution->version_number);
    emit_object_end(emit);
    emit_array_end(emit);
    emit_object_end(emit);
}

static void write_notify(const struct outcome_options *options, const struct record *record,
                         struct str thing, struct buf *payload)
{
    struct emit emit = emit_to(payload);
    emit_object(&emit, NULL);
    emit_int(&emit, "timestamp", record->outcome.decided_at_s);
    emit_str(&emit, "thingName", thing);
    emit_str(&emit, "jobId", record->job);
    emit_str(&emit, "namespaceId", record->namespace);
    emit_text(&emit, "event", "UPDATED");
    emit_update(&emit, record);
    const struct port_executions *port = &options->executions;
    struct execution execution;
    if (port->find != NULL && port->find(port->context, thing, record->job, &execution) == ERR_NONE)
        emit_execution(&emit, record->job, &execution);
    emit_object_end(&emit);
}

static const char *event_name(const struct record *record)
{
    if (!is_accepted(record))
        return "REJECTED";
    return record->is_dry_run ? "PLANNED" : "UPDATED";
}

/* The notify event of one command, and how it ended; without an update where none was read. */
static void write_event(const struct record *record, struct buf *payload)
{
    const struct outcome *outcome = &record->outcome;
    struct emit emit = emit_to(payload);
    emit_object(&emit, NULL);
    emit_int(&emit, "timestamp", outcome->decided_at_s);
    emit_str(&emit, "thingName", record->thing);
    emit_str(&emit, "jobId", record->job);
    emit_str(&emit, "namespaceId", record->namespace);
    emit_text(&emit, "event", event_name(record));
    if (!update_is_empty(&record->update))
        emit_update(&emit, record);
    emit_text(&emit, "outcome", is_accepted(record) ? "accepted" : "rejected");
    if (!is_accepted(record))
        emit_text(&emit, "code", reject_name(outcome->code));
    if (record->is_dry_run)
        emit_bool(&emit, "dryRun", true);
    emit_int(&emit, "attempts", record->attempts);
    emit_int(&emit, "coalesced", record->shared_by);
    emit_int(&emit, "latencyMs", outcome->latency_ms);
    emit_text(&emit, "source", str_is_absent(record->thing) ? "operator" : "thing");
    emit_str(&emit, "traceparent", record->trace.parent);
    emit_object_end(&emit);
}

bool outcome_answer_fits(const struct outcome_options *options, const struct record *record)
{
    struct buf payload;
    buf_init(&payload, LIMITS_COMMAND_BYTES);
    write_accepted(options, record, &payload);
    bool fits = buf_err(&payload) == ERR_NONE;
    buf_fini(&payload);
    return fits;
}

static enum err write_noticed(const struct outcome_options *options, const struct record *record,
                              unsigned index, struct buf *topic, struct buf *payload)
{
    const struct notice_event *event = &record->notice.events[index / options->template_count];
    buf_add(payload, event->payload);
    return write_event_topic(options, index, record->thing, event->job, record->namespace, topic,
                             NULL);
}

enum err outcome_write(const struct outcome_options *options, const struct record *record,
                       unsigned index, struct buf *topic, struct buf *payload)
{
    bool is_last = index + 1 == record->post_count;
    if (record->is_notice) {
        enum err err = write_noticed(options, record, index, topic, payload);
        if (err != ERR_NONE)
            return err;
    } else if (index == 0) {
        write_answer(options, record, topic, payload);
    } else if (is_last) {
        event_topic_format(options->root, record->job, topic);
        write_event(record, payload);
    } else {
        enum err err = write_notify_topic(options, record, index - 1, topic, NULL);
        if (err != ERR_NONE)
            return err;
        write_notify(options, record, record->targets[(index - 1) / options->template_count],
                     payload);
    }
    return buf_err(topic) != ERR_NONE ? buf_err(topic) : buf_err(payload);
}
