#include "tests/check.h"
#include "tests/topics/vectors.h"
#include "topics/own_topic.h"
#include "topics/response_topic.h"

#define FOLDER VECTORS_DIR "/topics"

static const struct response_topic_rules rules = {
    .root = {"jobs-bridge", 11},
    .prefix = {"myaws", 5},
    .thing = {"t", 1},
};

static void check_response(const struct vector *v)
{
    if (response_topic_is_valid(v->columns[0], &rules) != v->is_accept)
        vectors_fail(v, "the answer is the other one");
}

static void response_topics_follow_their_vectors(void **state)
{
    (void)state;
    assert_true(vectors_each(FOLDER, "response", check_response) > 20);
}

static void an_absent_topic_is_none_and_not_own(void **state)
{
    (void)state;
    assert_false(response_topic_is_valid(STR_NONE, &rules));
    assert_false(own_topic_is_one(STR_NONE, STR("jobs-bridge")));
}

static void an_operator_has_no_folder_below_the_root(void **state)
{
    (void)state;
    struct response_topic_rules operator= rules;
    operator.thing = STR_NONE;
    assert_false(response_topic_is_valid(STR("jobs-bridge/things/t/replies"), &operator));
    assert_true(response_topic_is_valid(STR("replies"), &operator));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(response_topics_follow_their_vectors),
        cmocka_unit_test(an_operator_has_no_folder_below_the_root),
        cmocka_unit_test(an_absent_topic_is_none_and_not_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
