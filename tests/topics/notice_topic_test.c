#include "tests/check.h"
#include "topics/notice_topic.h"
#include "topics/topics.h"

#define THINGS "$aws/things/pump-1/jobs/"

static void all_three_forms_are_read(void **state)
{
    static const struct {
        const char *topic;
        const char *job;
        const char *namespace;
    } cases[] = {
        {THINGS "notify-namespace-aws-gg-deployment", NULL, "aws-gg-deployment"},
        {THINGS "notify-next-namespace-ns", NULL, "ns"},
        {THINGS "rollout/notify-namespace-ns/", "rollout", "ns"},
        {THINGS "notify-namespace-x/notify-namespace-ns/", "notify-namespace-x", "ns"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct notice_topic topic;
        struct why why = {0};
        enum err err = notice_topic_parse(str_of(cases[i].topic), &topic, &why);
        assert_int_equal(err, ERR_NONE);
        check_str(topic.thing, "pump-1");
        check_str(topic.job, cases[i].job);
        check_str(topic.namespace, cases[i].namespace);
    }
}

static void other_topics_are_named_by_what_is_wrong(void **state)
{
    static const struct {
        const char *topic;
        const char *field;
    } cases[] = {
        {"", "topic"},
        {THINGS "notify", "topic"},
        {THINGS "notify-next", "topic"},
        {THINGS "notify-namespace-ns/", "topic"},
        {THINGS "rollout/notify-namespace-ns", "topic"},
        {THINGS "rollout/notify-namespace-ns/x", "topic"},
        {THINGS "rollout/notify-next-namespace-ns/", "topic"},
        {THINGS "notify-namespace-", "namespaceId"},
        {THINGS "notify-namespace-a.b", "namespaceId"},
        {THINGS "a.b/notify-namespace-ns/", "jobId"},
        {THINGS "/notify-namespace-ns/", "jobId"},
        {"$aws/things/a b/jobs/notify-namespace-ns", "thingName"},
        {"$aws/things//jobs/notify-namespace-ns", "thingName"},
        {"aws/things/t/jobs/notify-namespace-ns", "topic"},
        {"$aws/thing/t/jobs/notify-namespace-ns", "topic"},
        {"$aws/things/t/job/notify-namespace-ns", "topic"},
        {"jobs-bridge/things/t/jobs/j/update", "topic"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct notice_topic topic = {.job = STR("untouched")};
        struct why why = {0};
        assert_int_equal(notice_topic_parse(str_of(cases[i].topic), &topic, &why), ERR_INVALID);
        assert_string_equal(why.field, cases[i].field);
        check_str(topic.job, "untouched");
    }
}

static void filters_are_those_of_the_forms(void **state)
{
    static const char *const filters[NOTICE_FORM_COUNT] = {
        THINGS "notify-namespace-ns",
        THINGS "notify-next-namespace-ns",
        THINGS "+/notify-namespace-ns/",
    };
    struct buf filter;
    (void)state;
    buf_init(&filter, 256);
    for (enum notice_form form = 0; form < NOTICE_FORM_COUNT; form++) {
        buf_clear(&filter);
        notice_topic_filter(form, STR("pump-1"), STR("ns"), &filter);
        assert_string_equal(buf_text(&filter), filters[form]);
    }
    buf_fini(&filter);
}

static void every_preset_is_a_form(void **state)
{
    static const char *const presets[] = {"documented", "greengrass", "greengrass-next"};
    const struct notify_topic_values values = {.prefix = STR("$aws"),
                                               .root = STR("jobs-bridge"),
                                               .thing = STR("pump-1"),
                                               .job = STR("rollout"),
                                               .namespace = STR("ns")};
    struct buf out;
    (void)state;
    buf_init(&out, 256);
    for (size_t i = 0; i < COUNT_OF(presets); i++) {
        struct notice_topic topic;
        buf_clear(&out);
        enum err err =
            notify_topic_format(notify_topic_template(str_of(presets[i])), &values, &out, NULL);
        assert_int_equal(err, ERR_NONE);
        assert_int_equal(notice_topic_parse(buf_str(&out), &topic, NULL), ERR_NONE);
        check_str(topic.thing, "pump-1");
        check_str(topic.namespace, "ns");
    }
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_three_forms_are_read),
        cmocka_unit_test(other_topics_are_named_by_what_is_wrong),
        cmocka_unit_test(filters_are_those_of_the_forms),
        cmocka_unit_test(every_preset_is_a_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
