#include "daemon/exposition.h"
#include "tests/check.h"

#include <math.h>

static void each_accept_header_has_its_format(void **state)
{
    (void)state;
    const struct {
        const char *accept; /* NULL: none */
        enum exposition_format format;
    } cases[] = {
        {NULL, EXPOSITION_PROMETHEUS},
        {"", EXPOSITION_PROMETHEUS},
        {"*/*", EXPOSITION_PROMETHEUS},
        {"text/html,application/xhtml+xml,*/*;q=0.8", EXPOSITION_PROMETHEUS},
        {"text/plain;version=0.0.4", EXPOSITION_PROMETHEUS},
        {"application/openmetrics-text", EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text; version=1.0.0; charset=utf-8", EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text;version=0.0.1", EXPOSITION_PROMETHEUS},
        {"application/openmetrics-text;version=1.0.0,"
         "application/openmetrics-text;version=0.0.1;q=0.75,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         EXPOSITION_OPENMETRICS},
        {"text/plain;version=0.0.4;q=0.5, application/openmetrics-text;version=1.0.0;q=0.4",
         EXPOSITION_PROMETHEUS},
        {"text/plain;q=0.35, application/openmetrics-text;q=0.4", EXPOSITION_OPENMETRICS},
        {"text/plain;q=0.5,application/openmetrics-text;q=0", EXPOSITION_PROMETHEUS},
        {"application/openmetrics-text;q=0", EXPOSITION_PROMETHEUS},
        {"application/openmetrics-text;q=0.000", EXPOSITION_PROMETHEUS},
        {"application/openmetrics-text;q=much", EXPOSITION_PROMETHEUS},
        {"application/openmetrics-text;q=0.0001", EXPOSITION_PROMETHEUS},
        {"application/openmetrics-text;q=1.0", EXPOSITION_OPENMETRICS},
        {"application/openmetrics-textual", EXPOSITION_PROMETHEUS},
        {",;=,q=,;;", EXPOSITION_PROMETHEUS},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(exposition_choose(str_of(cases[i].accept)), cases[i].format);
}

static const struct exposition_label none = {NULL, NULL};

static void write_some(struct exposition *exposition)
{
    const struct exposition_family counter = {"things_seen", EXPOSITION_COUNTER, "Seen."};
    const struct exposition_family gauge = {"heat", EXPOSITION_GAUGE, "How hot it is."};
    exposition_begin(exposition, &counter);
    exposition_count(exposition, &counter, (struct exposition_label){"kind", "odd"}, UINT64_MAX);
    exposition_count(exposition, &counter, (struct exposition_label){"kind", "even"}, 0);
    exposition_begin(exposition, &gauge);
    exposition_number(exposition, &gauge, none, -0.5);
    exposition_end(exposition);
}

static void check_text(enum exposition_format format, const char *expected)
{
    struct buf out;
    buf_init(&out, 4096);
    write_some(&(struct exposition){&out, format});
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

/* OpenMetrics introduces a counter without its suffix, and says where it ends. */
static void both_formats(void **state)
{
    (void)state;
    check_text(EXPOSITION_PROMETHEUS, "# HELP things_seen_total Seen.\n"
                                      "# TYPE things_seen_total counter\n"
                                      "things_seen_total{kind=\"odd\"} 18446744073709551615\n"
                                      "things_seen_total{kind=\"even\"} 0\n"
                                      "# HELP heat How hot it is.\n"
                                      "# TYPE heat gauge\n"
                                      "heat -0.5\n");
    check_text(EXPOSITION_OPENMETRICS, "# HELP things_seen Seen.\n"
                                       "# TYPE things_seen counter\n"
                                       "things_seen_total{kind=\"odd\"} 18446744073709551615\n"
                                       "things_seen_total{kind=\"even\"} 0\n"
                                       "# HELP heat How hot it is.\n"
                                       "# TYPE heat gauge\n"
                                       "heat -0.5\n"
                                       "# EOF\n");
}

static void numbers(void **state)
{
    (void)state;
    const struct {
        double number;
        const char *text;
    } cases[] = {
        {0, "heat 0\n"},
        {10, "heat 10\n"},
        {1.25, "heat 1.25\n"},
        {0.1, "heat 0.1\n"},
        {1700000000, "heat 1700000000\n"},
        {INFINITY, "heat +Inf\n"},
        {-INFINITY, "heat -Inf\n"},
    };
    const struct exposition_family gauge = {"heat", EXPOSITION_GAUGE, ""};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out;
        buf_init(&out, 64);
        struct exposition exposition = {&out, EXPOSITION_PROMETHEUS};
        exposition_number(&exposition, &gauge, none, cases[i].number);
        assert_string_equal(buf_text(&out), cases[i].text);
        buf_fini(&out);
    }
}

/* Buckets add up, each with all that is smaller; bounds are seconds with a point. */
static void durations(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, 60);
    histogram_add(&histogram, 2000000);
    histogram_add(&histogram, INT64_C(3600000000));
    const struct exposition_family family = {"wait_seconds", EXPOSITION_HISTOGRAM, ""};
    struct buf out;
    buf_init(&out, 4096);
    struct exposition exposition = {&out, EXPOSITION_PROMETHEUS};
    exposition_durations(&exposition, &family, (struct exposition_label){"of", "x"}, &histogram);
    const char *text = buf_text(&out);
    const char *first = "wait_seconds_bucket{of=\"x\",le=\"0.00005\"} 0\n"
                        "wait_seconds_bucket{of=\"x\",le=\"0.0001\"} 1\n";
    assert_memory_equal(text, first, strlen(first));
    check_has(text, "wait_seconds_bucket{of=\"x\",le=\"1.0\"} 1\n");
    check_has(text, "wait_seconds_bucket{of=\"x\",le=\"2.5\"} 2\n");
    check_has(text, "wait_seconds_bucket{of=\"x\",le=\"600.0\"} 2\n"
                    "wait_seconds_bucket{of=\"x\",le=\"+Inf\"} 3\n"
                    "wait_seconds_sum{of=\"x\"} 3602.000060\n"
                    "wait_seconds_count{of=\"x\"} 3\n");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_accept_header_has_its_format),
        cmocka_unit_test(both_formats),
        cmocka_unit_test(numbers),
        cmocka_unit_test(durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
