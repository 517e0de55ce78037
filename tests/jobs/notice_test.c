#include "base/buf.h"
#include "base/limits.h"
#include "jobs/notice.h"
#include "tests/check.h"

#define HEAD(job)                                                                                  \
    "{\"timestamp\":7,\"thingName\":\"pump-1\",\"jobId\":\"" job                                   \
    "\",\"namespaceId\":\"ns\",\"event\":\"NOTIFIED\""

static const struct notice_place of_thing = {
    .thing = {"pump-1", 6}, .job = {NULL, 0}, .namespace = {"ns", 2}};
static const struct notice_place of_job = {
    .thing = {"pump-1", 6}, .job = {"a", 1}, .namespace = {"ns", 2}};

struct expected {
    const char *job;
    const char *payload;
};

static void check_events(const struct notice_place *place, const char *payload,
                         const struct expected *events, size_t count)
{
    struct notice notice;
    struct why why = {0};
    enum reject code = notice_decode(str_of(payload), place, &notice, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(code, REJECT_NONE);
    assert_int_equal(notice.count, count);
    for (size_t i = 0; i < count; i++) {
        check_str(notice.events[i].job, events[i].job);
        check_str(notice.events[i].payload, events[i].payload);
    }
    notice_free(&notice);
}

static void jobs_by_status_become_an_event_each(void **state)
{
    (void)state;
    check_events(&of_thing,
                 "{ \"timestamp\": 7, \"jobs\": { \"IN_PROGRESS\": [ {\"jobId\": \"a\", "
                 "\"queuedAt\": 5, \"startedAt\": 6} ], \"QUEUED\": [ {\"jobId\": \"b\"} ] } }",
                 (struct expected[]){
                     {"a", HEAD("a") ",\"jobs\":{\"IN_PROGRESS\":[{\"jobId\":\"a\",\"queuedAt\":5,"
                                     "\"startedAt\":6}]}}"},
                     {"b", HEAD("b") ",\"jobs\":{\"QUEUED\":[{\"jobId\":\"b\"}]}}"},
                 },
                 2);
}

static void a_job_that_is_named_twice_is_one_event(void **state)
{
    (void)state;
    check_events(&of_thing,
                 "{\"timestamp\":7,\"jobs\":{\"IN_PROGRESS\":[{\"jobId\":\"a\",\"executionNumber\":"
                 "1}],\"QUEUED\":[{\"jobId\":\"b\"},{\"jobId\":\"a\",\"executionNumber\":2}]}}",
                 (struct expected[]){
                     {"a", HEAD("a") ",\"jobs\":{\"IN_PROGRESS\":[{\"jobId\":\"a\","
                                     "\"executionNumber\":1}],\"QUEUED\":[{\"jobId\":\"a\","
                                     "\"executionNumber\":2}]}}"},
                     {"b", HEAD("b") ",\"jobs\":{\"QUEUED\":[{\"jobId\":\"b\"}]}}"},
                 },
                 2);
}

static void the_next_execution_becomes_an_event(void **state)
{
    (void)state;
    check_events(&of_thing,
                 "{\"timestamp\":7,\"execution\":{\"jobId\":\"a\",\"status\":\"QUEUED\","
                 "\"jobDocument\":{\"operation\":\"install\",\"\\u00e9\":[1.5,null,true]}}}",
                 (struct expected[]){
                     {"a", HEAD("a") ",\"execution\":{\"jobId\":\"a\",\"status\":\"QUEUED\","
                                     "\"jobDocument\":{\"operation\":\"install\","
                                     "\"\u00e9\":[1.5,null,true]}}}"},
                 },
                 1);
}

static void members_nobody_knows_are_kept(void **state)
{
    (void)state;
    check_events(&of_thing,
                 "{\"later\":{\"x\":1},\"timestamp\":7,\"thingName\":\"else\","
                 "\"jobs\":{\"PAUSED\":[{\"jobId\":\"a\",\"new\":[]}]}}",
                 (struct expected[]){
                     {"a", HEAD("a") ",\"later\":{\"x\":1},"
                                     "\"jobs\":{\"PAUSED\":[{\"jobId\":\"a\",\"new\":[]}]}}"},
                 },
                 1);
}

static void an_event_stays_as_it_is(void **state)
{
    static const char event[] = " {\"timestamp\" : 7, \"thingName\":\"pump-1\", \"jobId\":\"a\", "
                                "\"namespaceId\":\"ns\",\"event\":\"UPDATED\",\"update\":{}}";
    (void)state;
    check_events(&of_job, event, (struct expected[]){{"a", event}}, 1);
}

/* In the forms that Greengrass listens to, whose topics name no job. */
static void an_event_names_its_job_where_the_topic_does_not(void **state)
{
    static const char event[] = "{\"timestamp\":7,\"thingName\":\"pump-1\",\"jobId\":\"b\","
                                "\"namespaceId\":\"ns\",\"event\":\"UPDATED\",\"jobs\":{}}";
    (void)state;
    check_events(&of_thing, event, (struct expected[]){{"b", event}}, 1);
}

static void aws_forms_are_read_on_the_topic_of_a_job_too(void **state)
{
    (void)state;
    check_events(&of_job, "{\"timestamp\":7,\"execution\":{\"jobId\":\"a\"}}",
                 (struct expected[]){{"a", HEAD("a") ",\"execution\":{\"jobId\":\"a\"}}"}}, 1);
}

static void nothing_pending_is_no_event(void **state)
{
    static const char *const payloads[] = {"{\"timestamp\":7}", "{\"timestamp\":7,\"jobs\":{}}",
                                           "{\"timestamp\":7,\"jobs\":{\"QUEUED\":[]}}",
                                           "{\"timestamp\":7,\"execution\":{}}"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(payloads); i++)
        check_events(&of_thing, payloads[i], NULL, 0);
}

static void check_refused(const struct notice_place *place, const char *payload, enum reject code,
                          const char *field)
{
    struct notice notice;
    struct why why = {0};
    assert_int_equal(notice_decode(str_of(payload), place, &notice, &why), code);
    assert_string_equal(why.field, field);
    assert_string_not_equal(why.text, "");
    assert_int_equal(notice.count, 0);
    notice_free(&notice);
}

static void other_forms_are_refused_with_the_reason(void **state)
{
    static const struct {
        const char *payload;
        const char *field;
    } cases[] = {
        {"[]", "timestamp"},
        {"7", "timestamp"},
        {"{}", "timestamp"},
        {"{\"jobs\":{}}", "timestamp"},
        {"{\"timestamp\":\"7\"}", "timestamp"},
        {"{\"timestamp\":7.5}", "timestamp"},
        {"{\"timestamp\":-1}", "timestamp"},
        {"{\"timestamp\":7,\"other\":1}", "jobs"},
        {"{\"timestamp\":7,\"jobs\":[]}", "jobs"},
        {"{\"timestamp\":7,\"jobs\":null}", "jobs"},
        {"{\"timestamp\":7,\"jobs\":{\"QUEUED\":{}}}", "jobs"},
        {"{\"timestamp\":7,\"jobs\":{\"QUEUED\":[7]}}", "jobs"},
        {"{\"timestamp\":7,\"jobs\":{\"QUEUED\":[{}]}}", "jobs"},
        {"{\"timestamp\":7,\"jobs\":{\"QUEUED\":[{\"jobId\":\"\"}]}}", "jobs"},
        {"{\"timestamp\":7,\"jobs\":{\"QUEUED\":[{\"jobId\":\"a/b\"}]}}", "jobs"},
        {"{\"timestamp\":7,\"jobs\":{\"QUEUED\":[{\"jobId\":7}]}}", "jobs"},
        {"{\"timestamp\":7,\"execution\":[]}", "execution"},
        {"{\"timestamp\":7,\"execution\":{\"status\":\"QUEUED\"}}", "execution"},
        {"{\"timestamp\":7,\"jobs\":{},\"execution\":{}}", "execution"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_refused(&of_thing, cases[i].payload, REJECT_INVALID_REQUEST, cases[i].field);
    check_refused(&of_job, "{\"timestamp\":7,\"execution\":{\"jobId\":\"b\"}}",
                  REJECT_INVALID_REQUEST, "execution");
    check_refused(&of_thing, "{\"timestamp\":7", REJECT_INVALID_JSON, "");
    check_refused(&of_thing, "", REJECT_INVALID_JSON, "");
}

/* What another bridge says is taken only where it says it. */
static void an_event_about_something_else_is_no_event(void **state)
{
    static const char *const payloads[] = {
        "{\"timestamp\":7,\"thingName\":\"pump-2\",\"jobId\":\"a\",\"namespaceId\":\"ns\","
        "\"event\":\"UPDATED\"}",
        "{\"timestamp\":7,\"thingName\":\"pump-1\",\"jobId\":\"b\",\"namespaceId\":\"ns\","
        "\"event\":\"UPDATED\"}",
        "{\"timestamp\":7,\"thingName\":\"pump-1\",\"jobId\":\"a\",\"namespaceId\":\"other\","
        "\"event\":\"UPDATED\"}",
        "{\"timestamp\":7,\"thingName\":\"pump-1\",\"jobId\":\"a\",\"namespaceId\":\"ns\","
        "\"event\":7}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(payloads); i++)
        check_refused(&of_job, payloads[i], REJECT_INVALID_REQUEST, "jobs");
}

static void write_many(struct buf *out, size_t count, const char *rest)
{
    buf_add_text(out, "{\"timestamp\":7,\"jobs\":{\"QUEUED\":[");
    for (size_t i = 0; i < count; i++)
        buf_format(out, "%s{\"jobId\":\"j%zu\"}", i > 0 ? "," : "", i);
    buf_format(out, "]}%s}", rest);
}

static void there_is_a_most(void **state)
{
    struct buf payload;
    struct buf rest;
    struct notice notice;
    struct why why = {0};
    (void)state;
    buf_init(&payload, LIMITS_COMMAND_BYTES);
    buf_init(&rest, LIMITS_COMMAND_BYTES);
    write_many(&payload, LIMITS_NOTICE_JOBS, "");
    assert_int_equal(notice_decode(buf_str(&payload), &of_thing, &notice, &why), REJECT_NONE);
    assert_int_equal(notice.count, LIMITS_NOTICE_JOBS);
    notice_free(&notice);

    buf_clear(&payload);
    write_many(&payload, LIMITS_NOTICE_JOBS + 1, "");
    check_refused(&of_thing, buf_text(&payload), REJECT_INVALID_REQUEST, "jobs");

    buf_clear(&payload); /* each event would have all of the rest */
    buf_format(&rest, ",\"rest\":\"%0100000d\"", 7);
    write_many(&payload, 3, buf_text(&rest));
    check_refused(&of_thing, buf_text(&payload), REJECT_INVALID_REQUEST, "jobs");
    buf_fini(&payload);
    buf_fini(&rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_by_status_become_an_event_each),
        cmocka_unit_test(a_job_that_is_named_twice_is_one_event),
        cmocka_unit_test(the_next_execution_becomes_an_event),
        cmocka_unit_test(members_nobody_knows_are_kept),
        cmocka_unit_test(an_event_stays_as_it_is),
        cmocka_unit_test(an_event_names_its_job_where_the_topic_does_not),
        cmocka_unit_test(aws_forms_are_read_on_the_topic_of_a_job_too),
        cmocka_unit_test(nothing_pending_is_no_event),
        cmocka_unit_test(other_forms_are_refused_with_the_reason),
        cmocka_unit_test(an_event_about_something_else_is_no_event),
        cmocka_unit_test(there_is_a_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
