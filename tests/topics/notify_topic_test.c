#include "base/limits.h"
#include "tests/check.h"
#include "tests/topics/vectors.h"
#include "topics/notify_topic.h"

#define ROOT STR("jobs-bridge")

static void check_template(const struct vector *v)
{
    struct why why = {0};
    struct str template = notify_topic_template(v->columns[0]);
    enum err err = notify_topic_check(template, STR("$aws"), ROOT, &why);
    if (err != (v->is_accept ? ERR_NONE : ERR_INVALID))
        vectors_fail(v, "got %s: %s", err_name(err), why.text);
    vectors_check_why(v, &why, 1);
    if (v->is_accept && !str_is_absent(v->columns[1]) && !str_eq(template, v->columns[1]))
        vectors_fail(v, "stands for '%.*s'", STR_ARG(template));
}

static void templates_follow_their_vectors(void **state)
{
    (void)state;
    assert_true(vectors_each(VECTORS_DIR "/topics", "template", check_template) > 25);
}

static void check_notify(const struct vector *v)
{
    const struct notify_topic_values values = {
        .prefix = v->columns[1],
        .root = ROOT,
        .thing = v->columns[2],
        .job = v->columns[3],
        .namespace = v->columns[4],
    };
    struct why why = {0};
    struct buf topic;
    buf_init(&topic, LIMITS_TOPIC_BYTES);
    enum err err = notify_topic_format(notify_topic_template(v->columns[0]), &values, &topic, &why);
    if (err != (v->is_accept ? ERR_NONE : ERR_INVALID))
        vectors_fail(v, "got %s: %s", err_name(err), why.text);
    if (v->is_accept ? !str_eq(buf_str(&topic), v->columns[5]) : topic.n != 0)
        vectors_fail(v, "the topic is '%s'", buf_text(&topic));
    if (!v->is_accept)
        vectors_check_words(v, why.text, v->columns[5]);
    buf_fini(&topic);
}

static void notify_topics_follow_their_vectors(void **state)
{
    (void)state;
    assert_true(vectors_each(VECTORS_DIR "/topics", "notify", check_notify) > 15);
}

static void a_topic_is_appended_to_what_is_there(void **state)
{
    (void)state;
    const struct notify_topic_values values = {.thing = STR("t")};
    struct buf out;
    buf_init(&out, 64);
    buf_add_text(&out, "before ");
    assert_int_equal(notify_topic_format(STR("a/{thing}"), &values, &out, NULL), ERR_NONE);
    check_str(buf_str(&out), "before a/t");
    buf_fini(&out);
}

static void a_filter_leaves_open_what_is_not_known(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"documented", "$aws/things/+/jobs/+/+/"},
        {"greengrass", "$aws/things/+/jobs/+"},
        {"{root}/{thing}", "jobs-bridge/+"},
        {"a-{root}-b/x{job}/{prefix}", "a-jobs-bridge-b/+/$aws"},
        {"plain/", "plain/"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out;
        buf_init(&out, LIMITS_TOPIC_BYTES);
        notify_topic_filter(notify_topic_template(str_of(cases[i][0])), STR("$aws"), ROOT, &out);
        check_str(buf_str(&out), cases[i][1]);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_follow_their_vectors),
        cmocka_unit_test(notify_topics_follow_their_vectors),
        cmocka_unit_test(a_topic_is_appended_to_what_is_there),
        cmocka_unit_test(a_filter_leaves_open_what_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
