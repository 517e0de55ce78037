#include "jobs/reject.h"
#include "tests/check.h"

static void names_are_those_of_the_contract(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        "InvalidTopic",
        "InvalidJson",
        "InvalidRequest",
        "ResourceNotFound",
        "RequestThrottled",
        "InternalError",
        "Forbidden",
        "Expired",
        "ServiceUnavailable",
    };
    assert_int_equal(COUNT_OF(names), REJECT_COUNT);
    for (enum reject reject = REJECT_NONE; reject < REJECT_COUNT; reject++)
        assert_string_equal(reject_name(reject), names[reject]);
}

static void only_success_is_not_rejected(void **state)
{
    (void)state;
    assert_int_equal(reject_of_fault(FAULT_OK), REJECT_NONE);
    for (enum fault fault = FAULT_OK + 1; fault < FAULT_COUNT; fault++)
        assert_int_not_equal(reject_of_fault(fault), REJECT_NONE);
}

/* A class that means "again" must not become a code that means "never", nor the other way. */
static void codes_agree_with_classes(void **state)
{
    (void)state;
    for (enum fault fault = FAULT_OK + 1; fault < FAULT_COUNT; fault++) {
        enum reject reject = reject_of_fault(fault);
        bool is_not_now =
            reject == REJECT_REQUEST_THROTTLED || reject == REJECT_SERVICE_UNAVAILABLE;
        assert_int_equal(is_not_now, fault_class_of(fault) != FAULT_PERMANENT);
    }
    assert_int_equal(reject_of_fault(FAULT_TRANSPORT), REJECT_SERVICE_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_contract),
        cmocka_unit_test(only_success_is_not_rejected),
        cmocka_unit_test(codes_agree_with_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
