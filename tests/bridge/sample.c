#include "tests/bridge/sample.h"

#include "bridge/intake.h"
#include "tests/check.h"
#include "topics/notify_topic.h"

#include <stdio.h>

struct outcome_options sample_options(void)
{
    return (struct outcome_options){
        .root = STR("jobs-bridge"),
        .reserved_prefix = STR("$aws"),
        .templates = {notify_topic_template(STR("documented"))},
        .template_count = 1,
    };
}

struct arrival sample_arrival(const char *topic, const char *payload)
{
    return (struct arrival){
        .topic = str_of(topic),
        .payload = str_of(payload),
        .expiry_s = -1,
        .qos = 1,
        .ack_ticket = 1,
    };
}

struct record *sample_record(const char *job)
{
    char topic[128];
    snprintf(topic, sizeof topic, "jobs-bridge/jobs/%s/update", job);
    struct arrival arrival = sample_arrival(topic, "");
    struct record_draft draft = {.arrival = &arrival};
    enum err err = command_topic_parse(STR("jobs-bridge"), arrival.topic, &draft.topic, NULL);
    assert_int_equal(err, ERR_NONE);
    struct record *record = record_new(&draft);
    assert_non_null(record);
    return record;
}

struct record *sample_taken(const struct outcome_options *options, const struct arrival *arrival)
{
    enum reject code;
    struct why why = {0};
    struct record *record = intake_read(&(struct intake_options){.outcome = options}, arrival,
                                        SAMPLE_WALL_MS, SAMPLE_MONO_MS, &code, &why);
    assert_non_null(record);
    if (code != REJECT_NONE)
        print_error("%s: %s\n", reject_name(code), why.text);
    assert_int_equal(code, REJECT_NONE);
    return record;
}

static void conclude(struct record *record, enum reject code, const struct why *why,
                     struct str request_id)
{
    record_conclude(record, code, why, request_id);
    record->outcome.decided_at_s = SAMPLE_WALL_MS / 1000;
    record->outcome.latency_ms = 42;
}

static void call(struct record *record, enum record_event event)
{
    record_move(record, RECORD_CALL);
    record->attempts++;
    record_move(record, event);
}

void sample_accept(struct record *record)
{
    call(record, RECORD_ACCEPT);
    conclude(record, REJECT_NONE, NULL, STR("request-1"));
}

void sample_refuse(struct record *record, enum reject code, const char *field, const char *text)
{
    struct why why;
    why_set(&why, ERR_INVALID, field, "%s", text);
    call(record, RECORD_REFUSE);
    conclude(record, code, &why, STR_NONE);
}

static uint64_t below(void *context, uint64_t limit)
{
    const double *share = context;
    return limit == 0 ? 0 : (uint64_t)(*share * (double)(limit - 1));
}

struct port_chance sample_chance(double *share)
{
    return (struct port_chance){.context = share, .below = below};
}
