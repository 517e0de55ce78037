#include "store/status.h"
#include "tests/check.h"

static void words_and_states_are_one_to_one(void **state)
{
    (void)state;
    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        enum job_status status = JOB_STATUS_COUNT;
        assert_true(status_job_parse(str_of(status_job_name((enum job_status)i)), &status));
        assert_int_equal(status, i);
    }
    for (int i = 0; i < EXECUTION_STATUS_COUNT; i++) {
        enum execution_status status = EXECUTION_STATUS_COUNT;
        struct str word = str_of(status_execution_name((enum execution_status)i));
        assert_true(status_execution_parse(word, &status));
        assert_int_equal(status, i);
    }
}

static void other_words_are_none(void **state)
{
    (void)state;
    static const char *const words[] = {"", "queued", "QUEUED ", "COMPLETE", "JOB"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        enum job_status job = JOB_CANCELED;
        enum execution_status execution = EXECUTION_CANCELED;
        assert_false(status_job_parse(str_of(words[i]), &job));
        assert_false(status_execution_parse(str_of(words[i]), &execution));
        assert_int_equal(job, JOB_CANCELED);
        assert_int_equal(execution, EXECUTION_CANCELED);
    }
    assert_false(status_job_parse(STR("QUEUED"), &(enum job_status){0}));
    assert_false(status_execution_parse(STR("SCHEDULED"), &(enum execution_status){0}));
}

static void live_and_pending(void **state)
{
    (void)state;
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        assert_int_equal(status_job_is_live((enum job_status)i),
                         i == JOB_SCHEDULED || i == JOB_IN_PROGRESS);
    for (int i = 0; i < EXECUTION_STATUS_COUNT; i++)
        assert_int_equal(status_execution_is_pending((enum execution_status)i),
                         i == EXECUTION_QUEUED || i == EXECUTION_IN_PROGRESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_states_are_one_to_one),
        cmocka_unit_test(other_words_are_none),
        cmocka_unit_test(live_and_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
