#include "bridge/intake.h"

#include "base/limits.h"
#include "topics/response_topic.h"

static enum reject refuse(struct why *why, enum reject code, const char *field, const char *text)
{
    why_set(why, ERR_INVALID, field, "%s", text);
    return code;
}

/* The namespace of topic and payload, which must agree where both are there. */
static enum reject settle_namespace(struct record_draft *draft, struct why *why)
{
    struct str in_topic = draft->topic.namespace;
    struct str in_payload = draft->command->namespace;
    draft->namespace = str_is_absent(in_topic) ? in_payload : in_topic;
    if (str_is_absent(in_topic) || str_is_absent(in_payload) || str_eq(in_topic, in_payload))
        return REJECT_NONE;
    why_set(why, ERR_INVALID, "namespaceId",
            "1 validation error detected: Value '%.*s' at 'namespaceId' failed to satisfy "
            "constraint: Member must equal the namespace of the topic, '%.*s'",
            STR_ARG(in_payload), STR_ARG(in_topic));
    return REJECT_INVALID_REQUEST;
}

static enum reject read_command(struct record_draft *draft, struct command *command,
                                struct why *why)
{
    if (draft->arrival->is_retained)
        return refuse(why, REJECT_INVALID_REQUEST, NULL,
                      "a command must not be a retained message: it would be repeated to every "
                      "new subscription; publish it without the retain flag");
    if (draft->arrival->correlation.n > LIMITS_CORRELATION_BYTES) {
        why_set(why, ERR_INVALID, NULL, "the Correlation Data has %zu bytes, at most %d are echoed",
                draft->arrival->correlation.n, LIMITS_CORRELATION_BYTES);
        return REJECT_INVALID_REQUEST;
    }
    enum reject code = command_decode(draft->arrival->payload, command, why);
    draft->command = command;
    return code != REJECT_NONE ? code : settle_namespace(draft, why);
}

/* The sender's own limits, in monotonic time: expiresAt and MQTT 5 Message Expiry. */
static int64_t expiry_of(const struct record_draft *draft, int64_t wall_ms, int64_t mono_ms)
{
    int64_t expires_ms = DUE_NEVER;
    if (draft->arrival->expiry_s >= 0)
        expires_ms = mono_ms + draft->arrival->expiry_s * 1000;
    if (draft->command->expires_at_s >= 0) {
        /* A second beyond any clock is never; the product cannot overflow then. */
        int64_t at_s = draft->command->expires_at_s;
        int64_t left_ms = at_s < INT64_MAX / 2000 ? at_s * 1000 - wall_ms : INT64_MAX / 4;
        if (mono_ms + left_ms < expires_ms)
            expires_ms = mono_ms + left_ms;
    }
    return expires_ms;
}

static enum reject judge(const struct intake_options *options, const struct record *record,
                         const struct command *command, struct why *why)
{
    struct field_values values;
    if (options->policy == NULL)
        return REJECT_NONE;
    field_read(doc_root(command->doc), &values);
    struct policy_subject subject = {
        .thing = record->thing,
        .job = record->job,
        .namespace = record->namespace,
        .targets = record->targets,
        .target_count = record->target_count,
        .values = &values,
        .known = options->known,
    };
    struct policy_decision decision = policy_judge(options->policy, &subject);
    return policy_explain(&decision, why) == ERR_NONE ? REJECT_NONE : REJECT_FORBIDDEN;
}

/* What would be published has to keep to the limits that commands keep to. */
static enum reject check_size(const struct outcome_options *options, const struct record *record,
                              struct why *why)
{
    size_t n = 0;
    for (int member = 0; member < UPDATE_MEMBER_COUNT; member++)
        n += record->update.member[member].n;
    if (n > LIMITS_UPDATE_BYTES) {
        why_set(why, ERR_INVALID, NULL, "the update has %zu bytes without white space, at most %d",
                n, LIMITS_UPDATE_BYTES);
        return REJECT_INVALID_REQUEST;
    }
    if (record->is_dry_run && !outcome_answer_fits(options, record)) {
        why_set(why, ERR_INVALID, "things", "the plan would have more than %d bytes: name fewer",
                LIMITS_COMMAND_BYTES);
        return REJECT_INVALID_REQUEST;
    }
    return REJECT_NONE;
}

/* Policy first: who may not command learns nothing else. */
static enum reject check_record(const struct intake_options *options, const struct record *record,
                                const struct command *command, int64_t mono_ms, struct why *why)
{
    enum reject code = judge(options, record, command, why);
    if (code != REJECT_NONE)
        return code;
    if (outcome_check_notify(options->outcome, record, why) != ERR_NONE)
        return REJECT_INVALID_REQUEST;
    if (record->expires_ms <= mono_ms)
        return refuse(why, REJECT_EXPIRED, NULL, "the command had expired when it arrived");
    return check_size(options->outcome, record, why);
}

struct record *intake_read(const struct intake_options *options, const struct arrival *arrival,
                           int64_t wall_ms, int64_t mono_ms, enum reject *ret_code, struct why *why)
{
    struct record_draft draft = {.arrival = arrival,
                                 .trace = trace_of(arrival->trace.parent, arrival->trace.state)};
    struct command command = {0};
    enum reject code = REJECT_NONE;
    if (arrival->correlation.n <= LIMITS_CORRELATION_BYTES)
        draft.correlation = arrival->correlation;
    if (command_topic_parse(options->outcome->root, arrival->topic, &draft.topic, why) !=
        ERR_NONE) {
        draft.topic = (struct command_topic){0};
        code = REJECT_INVALID_TOPIC;
    } else {
        code = read_command(&draft, &command, why);
    }
    struct response_topic_rules rules = {
        .root = options->outcome->root,
        .prefix = options->outcome->reserved_prefix,
        .thing = draft.topic.thing,
    };
    if (response_topic_is_valid(arrival->response_topic, &rules))
        draft.response_topic = arrival->response_topic;

    struct record *record = record_new(&draft);
    if (record != NULL && code == REJECT_NONE) {
        record->update = command.update; /* changes owner */
        command.update = (struct update){0};
        record->expires_ms = expiry_of(&draft, wall_ms, mono_ms);
        code = check_record(options, record, &command, mono_ms, why);
    }
    if (record != NULL)
        record->arrived_ms = mono_ms;
    command_free(&command);
    *ret_code = code;
    return record;
}
