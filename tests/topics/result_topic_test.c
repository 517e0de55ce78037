#include "base/limits.h"
#include "tests/check.h"
#include "topics/result_topic.h"

static void an_answer_goes_below_the_command_as_received(void **state)
{
    (void)state;
    struct buf topic;
    buf_init(&topic, LIMITS_TOPIC_BYTES);
    result_topic_format(STR("r/jobs/j/update"), true, &topic);
    check_str(buf_str(&topic), "r/jobs/j/update/accepted");
    buf_clear(&topic);
    result_topic_format(STR("r/jobs/a b/update"), false, &topic);
    check_str(buf_str(&topic), "r/jobs/a b/update/rejected");
    buf_fini(&topic);
}

static void an_answer_that_does_not_fit_fails_the_buffer(void **state)
{
    (void)state;
    struct buf topic;
    buf_init(&topic, 20);
    result_topic_format(STR("r/jobs/j/update"), true, &topic);
    assert_int_equal(buf_err(&topic), ERR_FULL);
    buf_fini(&topic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_goes_below_the_command_as_received),
        cmocka_unit_test(an_answer_that_does_not_fit_fails_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
