#include "daemon/dead_print.h"
#include "jobs/reject.h"
#include "tests/check.h"

static const struct dead_letter letter = {
    .id = 42,
    .buried_at_s = 1700000007,
    .reason = STR("its answer was refused by the broker"),
    .topic = STR("jobs-bridge/jobs/j/update"),
    .payload = STR("{\"description\":\"gr\xc3\xbc\xc3\x9f\"}"),
    .arrived_at_ms = 1700000000123,
    .code = REJECT_RESOURCE_NOT_FOUND,
    .message = STR("no \"j\""),
};

typedef void print_fn(const struct dead_letter *letter, struct buf *out);

static void check_print(print_fn *print, const struct dead_letter *of, const char *text)
{
    struct buf out;
    buf_init(&out, DEAD_PRINT_MAX);
    print(of, &out);
    assert_string_equal(buf_text(&out), text);
    buf_fini(&out);
}

static void a_line_says_what_it_is_about(void **state)
{
    (void)state;
    check_print(dead_print_line, &letter,
                "42  2023-11-14T22:13:27Z  ResourceNotFound  jobs-bridge/jobs/j/update  its answer "
                "was refused by the broker\n");
}

static void a_long_topic_is_cut_in_a_line(void **state)
{
    (void)state;
    static char topic[3000];
    struct dead_letter of = letter;
    struct buf out;
    memset(topic, 'x', sizeof topic);
    of.topic = (struct str){topic, sizeof topic};
    of.code = 0;
    buf_init(&out, DEAD_PRINT_MAX);
    dead_print_line(&of, &out);
    assert_true(out.n < 250);
    check_has(buf_text(&out), "  accepted  xxx");
    check_has(buf_text(&out), "xxx...  its answer");
    buf_fini(&out);
}

static void a_trace_is_part_of_the_whole_letter(void **state)
{
    (void)state;
    struct dead_letter of = letter;
    struct buf out;
    buf_init(&out, DEAD_PRINT_MAX);
    of.trace =
        (struct trace){STR("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), STR("a=1")};
    dead_print_whole(&of, &out);
    check_has(buf_text(&out), "\n  trace:   00-0af7651916cd43dd8448eb211c80319c-");
    dead_print_json(&of, false, &out);
    check_has(buf_text(&out), "\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-");
    check_has(buf_text(&out), "\"tracestate\":\"a=1\"");
    of.trace.parent = STR("\x1b[2J");
    buf_clear(&out);
    dead_print_whole(&of, &out);
    assert_null(strstr(buf_text(&out), "trace"));
    buf_fini(&out);
}

static void the_whole_letter(void **state)
{
    (void)state;
    check_print(dead_print_whole, &letter,
                "dead letter 42\n"
                "  arrived: 2023-11-14T22:13:20Z\n"
                "  buried:  2023-11-14T22:13:27Z\n"
                "  reason:  its answer was refused by the broker\n"
                "  outcome: ResourceNotFound: no \"j\"\n"
                "  topic:   jobs-bridge/jobs/j/update\n"
                "  payload:\n"
                "{\"description\":\"gr\xc3\xbc\xc3\x9f\"}\n");
}

static void print_with_payload(const struct dead_letter *of, struct buf *out)
{
    dead_print_json(of, true, out);
}

static void print_without(const struct dead_letter *of, struct buf *out)
{
    dead_print_json(of, false, out);
}

#define HEAD                                                                                       \
    "{\"id\":42,\"arrivedAt\":1700000000,\"buriedAt\":1700000007,\"reason\":\"its answer was "     \
    "refused by the broker\",\"outcome\":\"ResourceNotFound\",\"message\":\"no \\\"j\\\"\","       \
    "\"topic\":\"jobs-bridge/jobs/j/update\""

static void json_for_programs(void **state)
{
    (void)state;
    struct dead_letter of = letter;
    check_print(print_without, &of, HEAD "}\n");
    check_print(print_with_payload, &of,
                HEAD ",\"payload\":\"{\\\"description\\\":\\\"gr\xc3\xbc\xc3\x9f\\\"}\"}\n");
    of.payload = STR("a\xff\0");
    check_print(print_with_payload, &of, HEAD ",\"payloadHex\":\"61ff00\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_what_it_is_about),
        cmocka_unit_test(a_long_topic_is_cut_in_a_line),
        cmocka_unit_test(the_whole_letter),
        cmocka_unit_test(a_trace_is_part_of_the_whole_letter),
        cmocka_unit_test(json_for_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
