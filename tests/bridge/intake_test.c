#include "base/limits.h"
#include "bridge/intake.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

#include <stdio.h>

#define TOPIC   "jobs-bridge/things/pump/jobs/rollout/update"
#define IN_SITE "jobs-bridge/things/pump/jobs/rollout/namespace-site/update"
#define THING128                                                                                   \
    "t123456789t123456789t123456789t123456789t123456789t123456789t123456789t123456789"             \
    "t123456789t123456789t123456789t123456789t1234567"
#define ID64 "j123456789j123456789j123456789j123456789j123456789j123456789j123"

static struct record *read(const struct arrival *arrival, enum reject *ret_code, struct why *why)
{
    struct outcome_options outcome = sample_options();
    const struct intake_options options = {.outcome = &outcome};
    *why = (struct why){0};
    struct record *record =
        intake_read(&options, arrival, SAMPLE_WALL_MS, SAMPLE_MONO_MS, ret_code, why);
    assert_non_null(record);
    assert_int_equal(record->state, RECORD_WAITING);
    assert_int_equal(record->arrived_ms, SAMPLE_MONO_MS);
    check_str(record->topic, arrival->topic.p);
    return record;
}

struct refusal_case {
    const char *topic;
    const char *payload;
    enum reject code;
    const char *field;
    const char *words;
};

static const struct refusal_case refusals[] = {
    {"jobs-bridge/things/p p/jobs/rollout/update", "{\"description\":\"x\"}", REJECT_INVALID_TOPIC,
     "thingName", "'p p'"},
    {"jobs-bridge/things/pump/jobs/roll.out/update", "{\"description\":\"x\"}",
     REJECT_INVALID_TOPIC, "jobId", "'roll.out'"},
    {"jobs-bridge/jobs/rollout/site/update", "{\"description\":\"x\"}", REJECT_INVALID_TOPIC,
     "namespaceId", "'site'"},
    {TOPIC, "{\"description\":", REJECT_INVALID_JSON, "", "line 1"},
    {TOPIC, "", REJECT_INVALID_JSON, "", ""},
    {TOPIC, "{\"description\":\"a\",\"description\":\"b\"}", REJECT_INVALID_JSON, "description",
     ""},
    {TOPIC, "{}", REJECT_INVALID_REQUEST, "", "at least one of"},
    {TOPIC, "{\"description\":7}", REJECT_INVALID_REQUEST, "description", ""},
    {TOPIC, "{\"description\":\"x\",\"colour\":1}", REJECT_INVALID_REQUEST, "colour", ""},
    {IN_SITE, "{\"description\":\"x\",\"namespaceId\":\"other\"}", REJECT_INVALID_REQUEST,
     "namespaceId", "'other'"},
    {TOPIC, "{\"description\":\"x\",\"expiresAt\":1700000000}", REJECT_EXPIRED, "", "expired"},
    {TOPIC, "{\"description\":\"x\",\"expiresAt\":1}", REJECT_EXPIRED, "", "expired"},
    /* $aws/things/<128>/jobs/<64>/notify-namespace-<64>/ has 290 bytes. */
    {"jobs-bridge/things/" THING128 "/jobs/" ID64 "/update",
     "{\"description\":\"x\",\"namespaceId\":\"" ID64 "\"}", REJECT_INVALID_REQUEST, "namespaceId",
     "256"},
    {"jobs-bridge/jobs/" ID64 "/update",
     "{\"description\":\"x\",\"namespaceId\":\"" ID64 "\",\"things\":[\"fan\",\"" THING128 "\"]}",
     REJECT_INVALID_REQUEST, "things", "256"},
};

static void each_refusal_has_its_code_and_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        struct arrival arrival = sample_arrival(refusals[i].topic, refusals[i].payload);
        enum reject code;
        struct why why;
        struct record *record = read(&arrival, &code, &why);
        if (code != refusals[i].code)
            print_error("case %zu: %s\n", i, why.text);
        assert_int_equal(code, refusals[i].code);
        assert_string_equal(why.field, refusals[i].field);
        assert_true(strlen(why.text) > 0);
        check_has(why.text, refusals[i].words);
        assert_int_equal(str_is_absent(record->job), code == REJECT_INVALID_TOPIC);
        record_free(record);
    }
}

static void an_update_too_large_for_its_events_is_refused(void **state)
{
    (void)state;
    static const struct {
        int criteria;
        enum reject code;
    } cases[] = {{1200, REJECT_NONE}, {1300, REJECT_INVALID_REQUEST}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf payload;
        buf_init(&payload, LIMITS_COMMAND_BYTES);
        buf_add_text(&payload, "{\"abortConfig\":{\"criteriaList\":[");
        for (int j = 0; j < cases[i].criteria; j++)
            buf_format(&payload,
                       "%s{\"failureType\":\"FAILED\",\"action\":\"CANCEL\","
                       "\"thresholdPercentage\":50,\"minNumberOfExecutedThings\":1}",
                       j > 0 ? "," : "");
        buf_add_text(&payload, "]}}");
        struct arrival arrival = sample_arrival(TOPIC, buf_text(&payload));
        enum reject code;
        struct why why = {0};
        struct record *record = read(&arrival, &code, &why);
        assert_int_equal(code, cases[i].code);
        if (code != REJECT_NONE)
            check_has(why.text, "122880");
        record_free(record);
        buf_fini(&payload);
    }
}

static void a_retained_command_is_refused_unread(void **state)
{
    (void)state;
    struct arrival arrival = sample_arrival(TOPIC, "not even JSON");
    arrival.is_retained = true;
    enum reject code;
    struct why why;
    struct record *record = read(&arrival, &code, &why);
    assert_int_equal(code, REJECT_INVALID_REQUEST);
    check_has(why.text, "retain");
    check_str(record->job, "rollout");
    record_free(record);
}

static void a_refusal_keeps_what_the_answer_echoes(void **state)
{
    (void)state;
    struct arrival arrival =
        sample_arrival(TOPIC, "{\"description\":7,\"clientToken\":\"token-1\"}");
    arrival.correlation = STR("same");
    arrival.response_topic = STR("replies/7");
    enum reject code;
    struct why why;
    struct record *record = read(&arrival, &code, &why);
    assert_int_equal(code, REJECT_INVALID_REQUEST);
    check_str(record->client_token, "token-1");
    check_str(record->correlation, "same");
    check_str(record->response_topic, "replies/7");
    assert_true(update_is_empty(&record->update));
    record_free(record);
}

static void correlation_data_has_to_be_short_enough_to_echo(void **state)
{
    (void)state;
    static char data[LIMITS_CORRELATION_BYTES + 1];
    memset(data, 'x', sizeof data);
    struct arrival arrival = sample_arrival(TOPIC, "{\"description\":\"x\"}");
    for (size_t over = 0; over < 2; over++) {
        arrival.correlation = (struct str){data, LIMITS_CORRELATION_BYTES + over};
        enum reject code;
        struct why why;
        struct record *record = read(&arrival, &code, &why);
        assert_int_equal(code, over ? REJECT_INVALID_REQUEST : REJECT_NONE);
        assert_int_equal(record->correlation.n, over ? 0 : LIMITS_CORRELATION_BYTES);
        record_free(record);
    }
}

static void a_command_is_taken_whole(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct arrival arrival = sample_arrival(
        TOPIC, "{\"description\":\"x\",\"namespaceId\":\"site\",\"clientToken\":\"t\","
               "\"dryRun\":true,\"things\":[\"fan\",\"pump\",\"valve\"]}");
    struct record *record = sample_taken(&options, &arrival);
    check_str(record->thing, "pump");
    check_str(record->job, "rollout");
    check_str(record->namespace, "site");
    check_str(record->client_token, "t");
    check_str(record->update.member[UPDATE_DESCRIPTION], "\"x\"");
    assert_true(record->is_dry_run);
    assert_int_equal(record->target_count, 3);
    check_str(record->targets[0], "pump");
    check_str(record->targets[1], "fan");
    check_str(record->targets[2], "valve");
    assert_true(record->expires_ms == DUE_NEVER);
    record_free(record);
}

static void topic_and_payload_may_name_the_same_namespace(void **state)
{
    (void)state;
    struct outcome_options options = sample_options();
    struct arrival arrival =
        sample_arrival(IN_SITE, "{\"description\":\"x\",\"namespaceId\":\"site\"}");
    struct record *record = sample_taken(&options, &arrival);
    check_str(record->namespace, "site");
    record_free(record);
}

static void a_response_topic_has_to_be_a_valid_one(void **state)
{
    (void)state;
    const struct {
        const char *topic;
        bool is_used;
    } cases[] = {
        {"replies/7", true},           {"a", true},
        {"replies/+", false},          {"$aws/things/x/shadow", false},
        {"replies/#", false},          {"", false},
        {"jobs-bridge/status", false}, {TOPIC, false},
        {TOPIC "/accepted", false},
    };
    struct outcome_options options = sample_options();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arrival arrival = sample_arrival(TOPIC, "{\"description\":\"x\"}");
        arrival.response_topic = str_of(cases[i].topic);
        struct record *record = sample_taken(&options, &arrival);
        check_str(record->response_topic, cases[i].is_used ? cases[i].topic : NULL);
        record_free(record);
    }
}

static void the_earlier_expiry_counts(void **state)
{
    (void)state;
    const struct {
        int64_t message_expiry_s;
        const char *expires_at;
        int64_t expires_ms; /* from now on; DUE_NEVER */
    } cases[] = {
        {-1, NULL, DUE_NEVER},
        {60, NULL, 60000},
        {4294967295, NULL, 4294967295000},
        {-1, "1700000010", 10000 - SAMPLE_WALL_MS % 1000},
        {60, "1700000010", 10000 - SAMPLE_WALL_MS % 1000},
        {5, "1700000010", 5000},
        {5, "9223372036854775807", 5000},
    };
    struct outcome_options options = sample_options();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char payload[128];
        snprintf(payload, sizeof payload, "{\"description\":\"x\"%s%s}",
                 cases[i].expires_at != NULL ? ",\"expiresAt\":" : "",
                 cases[i].expires_at != NULL ? cases[i].expires_at : "");
        struct arrival arrival = sample_arrival(TOPIC, payload);
        arrival.expiry_s = cases[i].message_expiry_s;
        struct record *record = sample_taken(&options, &arrival);
        if (cases[i].expires_ms == DUE_NEVER)
            assert_true(record->expires_ms == DUE_NEVER);
        else
            assert_int_equal(record->expires_ms, SAMPLE_MONO_MS + cases[i].expires_ms);
        record_free(record);
    }
}

static void an_expiry_of_no_seconds_has_passed(void **state)
{
    (void)state;
    struct arrival arrival = sample_arrival(TOPIC, "{\"description\":\"x\"}");
    arrival.expiry_s = 0;
    enum reject code;
    struct why why;
    struct record *record = read(&arrival, &code, &why);
    assert_int_equal(code, REJECT_EXPIRED);
    record_free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_has_its_code_and_field),
        cmocka_unit_test(an_update_too_large_for_its_events_is_refused),
        cmocka_unit_test(a_retained_command_is_refused_unread),
        cmocka_unit_test(a_refusal_keeps_what_the_answer_echoes),
        cmocka_unit_test(correlation_data_has_to_be_short_enough_to_echo),
        cmocka_unit_test(a_command_is_taken_whole),
        cmocka_unit_test(topic_and_payload_may_name_the_same_namespace),
        cmocka_unit_test(a_response_topic_has_to_be_a_valid_one),
        cmocka_unit_test(the_earlier_expiry_counts),
        cmocka_unit_test(an_expiry_of_no_seconds_has_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
