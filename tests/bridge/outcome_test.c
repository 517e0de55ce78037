#include "bridge/outcome.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"
#include "topics/notify_topic.h"

#define TOPIC  "jobs-bridge/things/pump/jobs/rollout/update"
#define UPDATE "{\"description\":\"x\",\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":9}}"
#define COMMAND                                                                                    \
    "{\"clientToken\":\"t-1\",\"namespaceId\":\"site\",\"description\":\"x\","                     \
    "\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":9}}"

struct post_text {
    struct buf topic;
    struct buf payload;
};

static void init(struct post_text *text)
{
    buf_init(&text->topic, 4096);
    buf_init(&text->payload, 65536);
}

static void fini(struct post_text *text)
{
    buf_fini(&text->topic);
    buf_fini(&text->payload);
}

static void check_post(const struct outcome_options *options, const struct record *record,
                       unsigned index, const char *topic, const char *payload)
{
    struct post_text text;
    init(&text);
    assert_int_equal(outcome_write(options, record, index, &text.topic, &text.payload), ERR_NONE);
    assert_string_equal(buf_text(&text.topic), topic);
    assert_string_equal(buf_text(&text.payload), payload);
    fini(&text);
}

static struct record *take(const struct outcome_options *options, const char *topic,
                           const char *payload)
{
    struct arrival arrival = sample_arrival(topic, payload);
    return sample_taken(options, &arrival);
}

/* The posts are numbered by the count the outbox asks for first. */
static void count(const struct outcome_options *options, struct record *record, unsigned expected)
{
    record->post_count = outcome_post_count(options, record);
    assert_int_equal(record->post_count, expected);
}

static void an_accepted_command(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct record *record = take(&options, TOPIC, COMMAND);
    sample_accept(record);
    count(&options, record, 3);
    check_post(&options, record, 0, TOPIC "/accepted",
               "{\"clientToken\":\"t-1\",\"timestamp\":1700000000,\"jobId\":\"rollout\","
               "\"thingName\":\"pump\",\"namespaceId\":\"site\",\"requestId\":\"request-1\","
               "\"attempts\":1,\"coalesced\":1}");
    check_post(&options, record, 1, "$aws/things/pump/jobs/rollout/notify-namespace-site/",
               "{\"timestamp\":1700000000,\"thingName\":\"pump\",\"jobId\":\"rollout\","
               "\"namespaceId\":\"site\",\"event\":\"UPDATED\",\"update\":" UPDATE "}");
    check_post(&options, record, 2, "jobs-bridge/events/jobs/rollout",
               "{\"timestamp\":1700000000,\"thingName\":\"pump\",\"jobId\":\"rollout\","
               "\"namespaceId\":\"site\",\"event\":\"UPDATED\",\"update\":" UPDATE
               ",\"outcome\":\"accepted\",\"attempts\":1,\"coalesced\":1,\"latencyMs\":42,"
               "\"source\":\"thing\"}");
    record_free(record);
}

static void an_operator_leaves_out_what_is_absent(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct record *record =
        take(&options, "jobs-bridge/jobs/rollout/update", "{\"description\":\"x\"}");
    sample_accept(record);
    count(&options, record, 2);
    check_post(&options, record, 0, "jobs-bridge/jobs/rollout/update/accepted",
               "{\"timestamp\":1700000000,\"jobId\":\"rollout\",\"requestId\":\"request-1\","
               "\"attempts\":1,\"coalesced\":1}");
    check_post(&options, record, 1, "jobs-bridge/events/jobs/rollout",
               "{\"timestamp\":1700000000,\"jobId\":\"rollout\",\"event\":\"UPDATED\","
               "\"update\":{\"description\":\"x\"},\"outcome\":\"accepted\",\"attempts\":1,"
               "\"coalesced\":1,\"latencyMs\":42,\"source\":\"operator\"}");
    record_free(record);
}

static void a_rejected_command(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct record *record = take(&options, TOPIC, COMMAND);
    sample_refuse(record, REJECT_INVALID_REQUEST, "timeoutConfig", "say \"please\"");
    count(&options, record, 2);
    check_post(&options, record, 0, TOPIC "/rejected",
               "{\"clientToken\":\"t-1\",\"timestamp\":1700000000,\"code\":\"InvalidRequest\","
               "\"message\":\"say \\\"please\\\"\",\"field\":\"timeoutConfig\"}");
    check_post(&options, record, 1, "jobs-bridge/events/jobs/rollout",
               "{\"timestamp\":1700000000,\"thingName\":\"pump\",\"jobId\":\"rollout\","
               "\"namespaceId\":\"site\",\"event\":\"REJECTED\",\"update\":" UPDATE
               ",\"outcome\":\"rejected\",\"code\":\"InvalidRequest\",\"attempts\":1,"
               "\"coalesced\":1,\"latencyMs\":42,\"source\":\"thing\"}");
    record_free(record);
}

static void a_rejection_says_when_to_come_again(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct record *record = take(&options, TOPIC, "{\"description\":\"x\"}");
    sample_refuse(record, REJECT_REQUEST_THROTTLED, NULL, "later");
    record->outcome.retry_after_s = 20;
    count(&options, record, 2);
    check_post(&options, record, 0, TOPIC "/rejected",
               "{\"timestamp\":1700000000,\"code\":\"RequestThrottled\",\"message\":\"later\","
               "\"retryAfter\":20}");
    record_free(record);
}

static void a_refused_topic_has_an_answer_and_nothing_else(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct arrival arrival = sample_arrival("jobs-bridge/jobs/a.b/update", "");
    struct record *record = record_new(&(struct record_draft){.arrival = &arrival});
    sample_refuse(record, REJECT_INVALID_TOPIC, "jobId", "no");
    count(&options, record, 1);
    check_post(&options, record, 0, "jobs-bridge/jobs/a.b/update/rejected",
               "{\"timestamp\":1700000000,\"code\":\"InvalidTopic\",\"message\":\"no\","
               "\"field\":\"jobId\"}");
    record_free(record);
}

static void an_ending_whose_texts_were_lost_still_has_a_message(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct record *record = sample_record("rollout");
    sample_refuse(record, REJECT_INTERNAL_ERROR, NULL, "x");
    record->outcome.message = STR_NONE;
    count(&options, record, 2);
    check_post(&options, record, 0, "jobs-bridge/jobs/rollout/update/rejected",
               "{\"timestamp\":1700000000,\"code\":\"InternalError\",\"message\":\"\"}");
    record_free(record);
}

static void a_dry_run_says_what_it_would_do(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct record *record = take(
        &options, TOPIC,
        "{\"description\":\"x\",\"namespaceId\":\"site\",\"dryRun\":true,\"things\":[\"fan\"]}");
    record_move(record, RECORD_ACCEPT);
    record_conclude(record, REJECT_NONE, NULL, STR_NONE);
    record->outcome.decided_at_s = 1700000000;
    count(&options, record, 2);
    check_post(&options, record, 0, TOPIC "/accepted",
               "{\"timestamp\":1700000000,\"jobId\":\"rollout\",\"thingName\":\"pump\","
               "\"namespaceId\":\"site\",\"attempts\":0,\"coalesced\":1,\"dryRun\":true,"
               "\"request\":{\"method\":\"PATCH\",\"target\":\"/jobs/rollout?namespaceId=site\","
               "\"body\":{\"description\":\"x\"}},\"notify\":["
               "\"$aws/things/pump/jobs/rollout/notify-namespace-site/\","
               "\"$aws/things/fan/jobs/rollout/notify-namespace-site/\"]}");
    check_post(&options, record, 1, "jobs-bridge/events/jobs/rollout",
               "{\"timestamp\":1700000000,\"thingName\":\"pump\",\"jobId\":\"rollout\","
               "\"namespaceId\":\"site\",\"event\":\"PLANNED\",\"update\":{\"description\":\"x\"},"
               "\"outcome\":\"accepted\",\"dryRun\":true,\"attempts\":0,\"coalesced\":1,"
               "\"latencyMs\":0,\"source\":\"thing\"}");
    record_free(record);
}

static void a_dry_run_without_a_namespace_notifies_nobody(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct record *record = take(&options, "jobs-bridge/jobs/rollout/update",
                                 "{\"description\":\"x\",\"dryRun\":true,\"things\":[\"fan\"]}");
    record_move(record, RECORD_ACCEPT);
    record_conclude(record, REJECT_NONE, NULL, STR_NONE);
    record->outcome.decided_at_s = 1700000000;
    count(&options, record, 2);
    check_post(&options, record, 0, "jobs-bridge/jobs/rollout/update/accepted",
               "{\"timestamp\":1700000000,\"jobId\":\"rollout\",\"attempts\":0,\"coalesced\":1,"
               "\"dryRun\":true,\"request\":{\"method\":\"PATCH\",\"target\":\"/jobs/rollout\","
               "\"body\":{\"description\":\"x\"}},\"notify\":[]}");
    record_free(record);
}

static void the_answer_goes_where_the_sender_asked(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct arrival arrival = sample_arrival(TOPIC, "{\"description\":\"x\"}");
    arrival.response_topic = STR("replies/7");
    for (int is_accepted = 0; is_accepted < 2; is_accepted++) {
        struct record *record = sample_taken(&options, &arrival);
        if (is_accepted)
            sample_accept(record);
        else
            sample_refuse(record, REJECT_RESOURCE_NOT_FOUND, NULL, "no such job");
        count(&options, record, 2);
        struct post_text text;
        init(&text);
        assert_int_equal(outcome_write(&options, record, 0, &text.topic, &text.payload), ERR_NONE);
        assert_string_equal(buf_text(&text.topic), "replies/7");
        fini(&text);
        record_free(record);
    }
}

struct known_execution {
    struct execution execution;
    unsigned asked;
};

/* Known for the thing "pump" only. */
static enum err find(void *context, struct str thing, struct str job, struct execution *ret)
{
    struct known_execution *known = context;
    known->asked++;
    check_str(job, "rollout");
    if (!str_eq_text(thing, "pump"))
        return ERR_NOT_FOUND;
    *ret = known->execution;
    return ERR_NONE;
}

#define NOTIFY_HEAD(thing)                                                                         \
    "{\"timestamp\":1700000000,\"thingName\":\"" thing "\",\"jobId\":\"rollout\","                 \
    "\"namespaceId\":\"site\",\"event\":\"UPDATED\",\"update\":" UPDATE

static void a_notify_event_with_the_execution_where_it_is_known(void **state)
{
    (void)state;
    struct known_execution known = {.execution = {.queued_at_s = 11,
                                                  .started_at_s = -1,
                                                  .last_updated_at_s = 12,
                                                  .execution_number = 3,
                                                  .version_number = 4}};
    struct outcome_options options = sample_options();
    options.executions = (struct port_executions){.context = &known, .find = find};
    struct record *record =
        take(&options, TOPIC,
             "{\"description\":\"x\",\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":9},"
             "\"namespaceId\":\"site\",\"things\":[\"fan\"]}");
    sample_accept(record);
    count(&options, record, 4);
    check_post(&options, record, 1, "$aws/things/pump/jobs/rollout/notify-namespace-site/",
               NOTIFY_HEAD("pump") ",\"jobs\":{\"QUEUED\":[{\"jobId\":\"rollout\",\"queuedAt\":11,"
                                   "\"lastUpdatedAt\":12,\"executionNumber\":3,"
                                   "\"versionNumber\":4}]}}");
    check_post(&options, record, 2, "$aws/things/fan/jobs/rollout/notify-namespace-site/",
               NOTIFY_HEAD("fan") "}");
    assert_int_equal(known.asked, 2);

    known.execution.is_in_progress = true;
    known.execution.started_at_s = 13;
    check_post(&options, record, 1, "$aws/things/pump/jobs/rollout/notify-namespace-site/",
               NOTIFY_HEAD("pump") ",\"jobs\":{\"IN_PROGRESS\":[{\"jobId\":\"rollout\","
                                   "\"queuedAt\":11,\"lastUpdatedAt\":12,\"startedAt\":13,"
                                   "\"executionNumber\":3,\"versionNumber\":4}]}}");
    record_free(record);
}

static void every_target_on_every_template(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    options.templates[1] = notify_topic_template(STR("greengrass"));
    options.templates[2] = STR("plant/{namespace}/{thing}/{job}");
    options.template_count = 3;
    static const char *const topics[] = {
        "$aws/things/pump/jobs/rollout/notify-namespace-site/",
        "$aws/things/pump/jobs/notify-namespace-site",
        "plant/site/pump/rollout",
        "$aws/things/fan/jobs/rollout/notify-namespace-site/",
        "$aws/things/fan/jobs/notify-namespace-site",
        "plant/site/fan/rollout",
    };
    struct record *record =
        take(&options, TOPIC,
             "{\"description\":\"x\",\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":9},"
             "\"namespaceId\":\"site\",\"things\":[\"fan\",\"pump\"]}");
    sample_accept(record);
    count(&options, record, 1 + 6 + 1);
    for (unsigned i = 0; i < COUNT_OF(topics); i++)
        check_post(&options, record, i + 1, topics[i],
                   i < 3 ? NOTIFY_HEAD("pump") "}" : NOTIFY_HEAD("fan") "}");
    record_free(record);
}

static void no_room_is_an_error_each_time(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct record *record = take(&options, TOPIC, COMMAND);
    sample_accept(record);
    count(&options, record, 3);
    for (unsigned index = 0; index < 3; index++) {
        struct buf topic;
        struct buf payload;
        buf_init(&topic, 4096);
        buf_init(&payload, 20);
        assert_int_equal(outcome_write(&options, record, index, &topic, &payload), ERR_FULL);
        buf_fini(&payload);
        buf_fini(&topic);
        buf_init(&topic, 10);
        buf_init(&payload, 4096);
        assert_int_equal(outcome_write(&options, record, index, &topic, &payload), ERR_FULL);
        buf_fini(&payload);
        buf_fini(&topic);
    }
    record_free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accepted_command),
        cmocka_unit_test(an_operator_leaves_out_what_is_absent),
        cmocka_unit_test(a_rejected_command),
        cmocka_unit_test(a_rejection_says_when_to_come_again),
        cmocka_unit_test(a_refused_topic_has_an_answer_and_nothing_else),
        cmocka_unit_test(an_ending_whose_texts_were_lost_still_has_a_message),
        cmocka_unit_test(a_dry_run_says_what_it_would_do),
        cmocka_unit_test(a_dry_run_without_a_namespace_notifies_nobody),
        cmocka_unit_test(the_answer_goes_where_the_sender_asked),
        cmocka_unit_test(a_notify_event_with_the_execution_where_it_is_known),
        cmocka_unit_test(every_target_on_every_template),
        cmocka_unit_test(no_room_is_an_error_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
