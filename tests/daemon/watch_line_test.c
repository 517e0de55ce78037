#include "base/limits.h"
#include "daemon/watch_line.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef void writer_fn(struct doc_node event, bool has_colours, struct buf *out);

static void check_line(writer_fn *write, const char *json, bool has_colours, const char *expected)
{
    struct doc *doc = NULL;
    struct why why = {0};
    struct buf out;
    buf_init(&out, WATCH_LINE_MAX);
    if (doc_parse(str_of(json), LIMITS_COMMAND_BYTES, &doc, &why) != ERR_NONE)
        fail_msg("%s", why.text);
    write(doc_root(doc), has_colours, &out);
    check_str(buf_str(&out), expected);
    doc_free(doc);
    buf_fini(&out);
}

static void an_event_is_one_readable_line(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"timestamp\":1700000000,\"thingName\":\"gateway-1\",\"jobId\":\"line-1\","
         "\"namespaceId\":\"my-ns\",\"event\":\"UPDATED\",\"update\":{\"description\":\"slower\","
         "\"jobExecutionsRolloutConfig\":{\"maximumPerMinute\":5}},\"outcome\":\"accepted\","
         "\"attempts\":1,\"coalesced\":1,\"latencyMs\":12,\"source\":\"thing\"}",
         "2023-11-14 22:13:20  accepted  line-1 by gateway-1 in my-ns: description=\"slower\" "
         "jobExecutionsRolloutConfig.maximumPerMinute=5 (12 ms)\n"},
        {"{\"timestamp\":1700000000,\"jobId\":\"j\",\"update\":{\"abortConfig\":{}},"
         "\"outcome\":\"rejected\",\"code\":\"Forbidden\",\"latencyMs\":0,\"source\":\"operator\"}",
         "2023-11-14 22:13:20  rejected  j by operator: Forbidden: abortConfig={} (0 ms)\n"},
        {"{\"timestamp\":1700000000,\"jobId\":\"j\",\"outcome\":\"rejected\","
         "\"code\":\"InvalidJson\"}",
         "2023-11-14 22:13:20  rejected  j by operator: InvalidJson (0 ms)\n"},
        {"{\"timestamp\":1700000000,\"jobId\":\"j\",\"outcome\":\"accepted\",\"attempts\":3,"
         "\"coalesced\":4,\"latencyMs\":5000}",
         "2023-11-14 22:13:20  accepted  j by operator (5000 ms, 3 attempts, shared by 4)\n"},
        {"{\"timestamp\":1700000000,\"jobId\":\"j\",\"outcome\":\"accepted\",\"dryRun\":true}",
         "2023-11-14 22:13:20  planned   j by operator (0 ms)\n"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_line(watch_line_event, cases[i][0], false, cases[i][1]);
}

static void what_is_no_event_is_no_line(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "{}",
        "[]",
        "\"accepted\"",
        "{\"timestamp\":1,\"jobId\":\"j\"}",
        "{\"timestamp\":1,\"jobId\":\"j\",\"outcome\":\"perhaps\"}",
        "{\"timestamp\":1.5,\"jobId\":\"j\",\"outcome\":\"accepted\"}",
        "{\"timestamp\":1,\"jobId\":5,\"outcome\":\"accepted\"}",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_line(watch_line_event, cases[i], false, "");
    check_line(watch_line_notify, "{\"timestamp\":1,\"jobId\":\"j\"}", false, "");
}

static void nothing_but_text_comes_through(void **state)
{
    (void)state;
    check_line(
        watch_line_event,
        "{\"timestamp\":1700000000,\"jobId\":\"\\u001b[2J\",\"thingName\":\"a\\nb\","
        "\"update\":{\"\\u009b\":\"\\u202e\"},\"outcome\":\"rejected\",\"code\":\"\\u0007\"}",
        false, "2023-11-14 22:13:20  rejected  ?[2J by a?b: ?: ?=\"?\" (0 ms)\n");
}

static void long_values_are_cut_between_characters(void **state)
{
    (void)state;
    char json[1024];
    struct doc *doc = NULL;
    struct buf text;
    struct buf out;
    buf_init(&text, 512);
    for (size_t i = 0; i < 100; i++)
        buf_add_text(&text, "\xc3\xbc");
    snprintf(json, sizeof json,
             "{\"timestamp\":1,\"jobId\":\"j\",\"outcome\":\"accepted\","
             "\"update\":{\"description\":\"%s\"}}",
             buf_text(&text));
    buf_fini(&text);
    buf_init(&out, WATCH_LINE_MAX);
    assert_int_equal(doc_parse(str_of(json), LIMITS_COMMAND_BYTES, &doc, NULL), ERR_NONE);
    watch_line_event(doc_root(doc), false, &out);
    check_has(buf_text(&out), "\xc3\xbc... (0 ms)\n");
    assert_null(strchr(buf_text(&out), '?'));
    doc_free(doc);
    buf_fini(&out);
}

static void many_changes_are_cut(void **state)
{
    (void)state;
    struct doc *doc = NULL;
    struct buf json;
    struct buf out;
    buf_init(&json, LIMITS_COMMAND_BYTES);
    buf_init(&out, WATCH_LINE_MAX);
    buf_add_text(&json, "{\"timestamp\":1,\"jobId\":\"j\",\"outcome\":\"accepted\",\"update\":{");
    for (int i = 0; i < 1000; i++)
        buf_format(&json, "%s\"m%d\":{\"n\":%d}", i > 0 ? "," : "", i, i);
    buf_add_text(&json, "}}");
    assert_int_equal(doc_parse(buf_str(&json), LIMITS_COMMAND_BYTES, &doc, NULL), ERR_NONE);
    watch_line_event(doc_root(doc), false, &out);
    check_has(buf_text(&out), " m0.n=0 m1.n=1");
    check_has(buf_text(&out), " ... (0 ms)\n");
    assert_true(out.n < 600);
    doc_free(doc);
    buf_fini(&json);
    buf_fini(&out);
}

static void colours_are_around_the_word_alone(void **state)
{
    (void)state;
    check_line(watch_line_notify,
               "{\"timestamp\":1700000000,\"jobId\":\"j\",\"thingName\":\"t\","
               "\"namespaceId\":\"n\",\"event\":\"UPDATED\",\"update\":{\"description\":\"d\"}}",
               true,
               "\033[2m2023-11-14 22:13:20\033[0m  \033[34mnotified\033[0m  t of j in n: "
               "description=\"d\"\n");
}

static void the_status_says_since_when(void **state)
{
    (void)state;
    struct doc *doc = NULL;
    struct buf out;
    buf_init(&out, WATCH_LINE_MAX);
    assert_int_equal(
        doc_parse(STR("{\"status\":\"offline\",\"version\":\"0.1.0\",\"since\":1700000000}"), 100,
                  &doc, NULL),
        ERR_NONE);
    watch_line_status(doc_root(doc), 1700000060, false, &out);
    check_str(buf_str(&out), "2023-11-14 22:14:20  offline   jobs-bridge 0.1.0, had run since "
                             "2023-11-14 22:13:20\n");
    doc_free(doc);
    buf_fini(&out);
}

static void the_status_says_of_which_bridge(void **state)
{
    (void)state;
    struct doc *doc = NULL;
    struct buf out;
    buf_init(&out, WATCH_LINE_MAX);
    assert_int_equal(doc_parse(STR("{\"status\":\"online\",\"version\":\"0.1.0\",\"since\":"
                                   "1700000000,\"partition\":{\"index\":1,\"count\":3}}"),
                               100, &doc, NULL),
                     ERR_NONE);
    watch_line_status(doc_root(doc), 1700000060, false, &out);
    check_str(buf_str(&out), "2023-11-14 22:14:20  online    jobs-bridge 0.1.0, partition 1 of 3, "
                             "since 2023-11-14 22:13:20\n");
    doc_free(doc);
    buf_fini(&out);
}

static int be_in_utc(void **state)
{
    (void)state;
    int err = setenv("TZ", "UTC", 1);
    tzset();
    return err;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_readable_line),
        cmocka_unit_test(what_is_no_event_is_no_line),
        cmocka_unit_test(nothing_but_text_comes_through),
        cmocka_unit_test(long_values_are_cut_between_characters),
        cmocka_unit_test(many_changes_are_cut),
        cmocka_unit_test(colours_are_around_the_word_alone),
        cmocka_unit_test(the_status_says_since_when),
        cmocka_unit_test(the_status_says_of_which_bridge),
    };
    return cmocka_run_group_tests(tests, be_in_utc, NULL);
}
