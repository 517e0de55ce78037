#include "base/limits.h"
#include "tests/check.h"
#include "tests/topics/vectors.h"
#include "topics/command_topic.h"

#define ROOT STR("jobs-bridge")

static bool is_same(struct str a, struct str b)
{
    return str_is_absent(a) == str_is_absent(b) && str_eq(a, b);
}

static void check_parts(const struct vector *v, const struct command_topic *parts)
{
    if (!is_same(parts->thing, v->columns[1]) || !is_same(parts->job, v->columns[2]) ||
        !is_same(parts->namespace, v->columns[3]))
        vectors_fail(v, "thing '%.*s' job '%.*s' namespace '%.*s'", STR_ARG(parts->thing),
                     STR_ARG(parts->job), STR_ARG(parts->namespace));
    struct buf again;
    buf_init(&again, LIMITS_TOPIC_BYTES);
    command_topic_format(ROOT, parts, &again);
    if (!str_eq(buf_str(&again), v->columns[0]))
        vectors_fail(v, "formats as %s", buf_text(&again));
    buf_fini(&again);
}

static void check_case(const struct vector *v)
{
    const struct command_topic untouched = {.job = STR("untouched")};
    struct command_topic parts = untouched;
    struct why why = {0};
    enum err err = command_topic_parse(ROOT, v->columns[0], &parts, &why);
    if (err != (v->is_accept ? ERR_NONE : ERR_INVALID))
        vectors_fail(v, "got %s: %s", err_name(err), why.text);
    vectors_check_why(v, &why, 1);
    if (v->is_accept)
        check_parts(v, &parts);
    else if (memcmp(&parts, &untouched, sizeof parts) != 0)
        vectors_fail(v, "a refused topic changed the output");
}

static void command_topics_follow_their_vectors(void **state)
{
    (void)state;
    assert_true(vectors_each(VECTORS_DIR "/topics", "command", check_case) > 40);
}

static void the_job_level_is_found_below_any_root_well_formed_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *topic;
        const char *job;
    } cases[] = {
        {"jobs-bridge/things/pump-1/jobs/job-1/update", "job-1"},
        {"jobs-bridge/things/pump-1/jobs/job-1/namespace-n/update", "job-1"},
        {"jobs-bridge/jobs/job-1/update", "job-1"},
        {"jobs-bridge/jobs/job-1/namespace-n/update", "job-1"},
        {"other/jobs/job-1/update", "job-1"},
        {"jobs-bridge/jobs/a b/update", "a b"},
        {"jobs-bridge/things/\xff/jobs//anything/update", ""},
        {"jobs-bridge/jobs/job-1", "jobs-bridge/jobs/job-1"},
        {"jobs-bridge/things/pump-1/jobs/job-1/a/b/update",
         "jobs-bridge/things/pump-1/jobs/job-1/a/b/update"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_str(command_topic_job_level(str_of(cases[i].topic)), cases[i].job);
}

static void filters_are_the_four_of_the_contract(void **state)
{
    (void)state;
    const char *const filters[COMMAND_TOPIC_FILTERS] = {
        "jobs-bridge/things/+/jobs/+/update",
        "jobs-bridge/things/+/jobs/+/+/update",
        "jobs-bridge/jobs/+/update",
        "jobs-bridge/jobs/+/+/update",
    };
    struct buf filter;
    buf_init(&filter, LIMITS_TOPIC_BYTES);
    for (int i = 0; i < COMMAND_TOPIC_FILTERS; i++) {
        buf_clear(&filter);
        command_topic_filter(ROOT, i, &filter);
        assert_string_equal(buf_text(&filter), filters[i]);
    }
    buf_fini(&filter);
}

/* MQTT's own rule for filters whose only wildcard is '+'. */
static bool filter_matches(struct str filter, struct str topic)
{
    while (!str_is_absent(filter) && !str_is_absent(topic)) {
        struct str pattern = str_cut(&filter, '/');
        struct str level = str_cut(&topic, '/');
        if (!str_eq(pattern, STR("+")) && !str_eq(pattern, level))
            return false;
    }
    return str_is_absent(filter) && str_is_absent(topic);
}

static void check_filters(const struct vector *v)
{
    struct buf filter;
    buf_init(&filter, LIMITS_TOPIC_BYTES);
    bool matches = false;
    for (int i = 0; i < COMMAND_TOPIC_FILTERS; i++) {
        buf_clear(&filter);
        command_topic_filter(ROOT, i, &filter);
        matches = matches || filter_matches(buf_str(&filter), v->columns[0]);
    }
    buf_fini(&filter);
    if (v->is_accept && !matches)
        vectors_fail(v, "no filter matches");
    if (command_topic_is_one(ROOT, v->columns[0]) != matches)
        vectors_fail(v, "command_topic_is_one and the filters disagree");
}

static void what_is_one_is_what_the_filters_match(void **state)
{
    (void)state;
    assert_true(vectors_each(VECTORS_DIR "/topics", "command", check_filters) > 40);
}

static void the_reason_may_be_left_out(void **state)
{
    (void)state;
    struct command_topic parts;
    assert_int_equal(command_topic_parse(ROOT, STR("nonsense"), &parts, NULL), ERR_INVALID);
}

static void without_a_root_nothing_is_a_command(void **state)
{
    (void)state;
    struct command_topic parts;
    struct why why;
    enum err err = command_topic_parse(STR_NONE, STR("r/jobs/j/update"), &parts, &why);
    assert_int_equal(err, ERR_INVALID);
    assert_string_equal(why.field, "topic");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_topics_follow_their_vectors),
        cmocka_unit_test(the_job_level_is_found_below_any_root_well_formed_or_not),
        cmocka_unit_test(filters_are_the_four_of_the_contract),
        cmocka_unit_test(what_is_one_is_what_the_filters_match),
        cmocka_unit_test(the_reason_may_be_left_out),
        cmocka_unit_test(without_a_root_nothing_is_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
