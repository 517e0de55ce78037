#include "bridge/breaker.h"
#include "tests/bridge/sample.h"
#include "tests/bridge/table.h"
#include "tests/check.h"

#define NEVER BREAKER_STATE_COUNT

static double highest = 1;
static const int jobs[8]; /* of which only the addresses count */

/* Said a second time, in the words of the contract, so that a slip in the table shows. */
static enum breaker_state expected(enum breaker_state state, enum breaker_event event)
{
    switch (event) {
    case BREAKER_ANSWER:
        return BREAKER_CLOSED;
    case BREAKER_FAIL:
        return state == BREAKER_CLOSED ? BREAKER_CLOSED : BREAKER_OPEN;
    case BREAKER_TRIP:
        return state == BREAKER_CLOSED ? BREAKER_OPEN : NEVER;
    case BREAKER_REST:
        return state == BREAKER_OPEN ? BREAKER_HALF_OPEN : NEVER;
    case BREAKER_CALL:
        if (state == BREAKER_CLOSED)
            return BREAKER_CLOSED;
        return state == BREAKER_HALF_OPEN ? BREAKER_PROBING : NEVER;
    case BREAKER_EVENT_COUNT:
        break;
    }
    fail_msg("event %d has no rule", (int)event);
    return NEVER;
}

static void every_cell_of_the_state_table(void **state)
{
    (void)state;
    for (int from = 0; from < BREAKER_STATE_COUNT; from++) {
        assert_true(breaker_state_name((enum breaker_state)from)[0] != '\0');
        for (int event = 0; event < BREAKER_EVENT_COUNT; event++)
            assert_int_equal(breaker_next((enum breaker_state)from, (enum breaker_event)event),
                             expected((enum breaker_state)from, (enum breaker_event)event));
    }
}

static const char *name(int state)
{
    return breaker_state_name((enum breaker_state)state);
}

static int next(int state, int event)
{
    return (int)breaker_next((enum breaker_state)state, (enum breaker_event)event);
}

static void the_table_of_the_documentation(void **state)
{
    (void)state;
    table_check(&(struct table_of){"The breaker's states", BREAKER_STATE_COUNT, BREAKER_EVENT_COUNT,
                                   name, next});
}

static bool end(struct breaker *breaker, enum fault fault, int job, int64_t now_ms)
{
    struct port_chance chance = sample_chance(&highest);
    const struct reply reply = {
        .class = fault_class_of(fault),
        .fault = fault,
        .http_status = fault_http_status(fault),
        .retry_after_ms = -1,
    };
    return breaker_ended(breaker, &reply, &jobs[job], now_ms, &chance);
}

static struct breaker tripped_at(int64_t now_ms)
{
    struct breaker breaker = {0};
    for (int i = 0; i < BREAKER_TRIPS; i++) {
        assert_true(breaker_allows(&breaker, now_ms));
        breaker_called(&breaker);
        end(&breaker, FAULT_TRANSPORT, 0, now_ms);
    }
    assert_int_equal(breaker.state, BREAKER_OPEN);
    return breaker;
}

static void a_row_of_failures_opens_it(void **state)
{
    (void)state;
    const enum fault faults[] = {FAULT_TRANSPORT, FAULT_SERVICE_UNAVAILABLE, FAULT_EXPIRED_TOKEN};
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct breaker breaker = {0};
        for (int n = 1; n <= BREAKER_TRIPS; n++) {
            assert_int_equal(breaker.state, BREAKER_CLOSED);
            end(&breaker, faults[i], n, 0);
        }
        assert_int_equal(breaker.state, BREAKER_OPEN);
    }
}

static void any_answer_between_begins_anew(void **state)
{
    (void)state;
    const enum fault answers[] = {FAULT_OK, FAULT_THROTTLING, FAULT_RESOURCE_NOT_FOUND};
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct breaker breaker = {0};
        for (int n = 0; n < 5 * BREAKER_TRIPS; n++)
            end(&breaker, n % BREAKER_TRIPS == 0 ? answers[i] : FAULT_TRANSPORT, n % 8, 0);
        assert_int_equal(breaker.state, BREAKER_CLOSED);
    }
}

static void throttling_never_opens_it(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    for (int n = 0; n < 100; n++)
        end(&breaker, FAULT_THROTTLING, n % 8, 0);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
}

static void one_job_that_the_service_chokes_on_does_not_open_it(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    for (int n = 0; n < 100; n++)
        end(&breaker, FAULT_INTERNAL_FAILURE, 3, 0);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    for (int n = 0; n < BREAKER_TRIPS - 1; n++)
        end(&breaker, FAULT_INTERNAL_FAILURE, n % 2, 0);
    assert_int_equal(breaker.state, BREAKER_OPEN);
}

static void one_probe_after_the_rest_and_no_other_call(void **state)
{
    (void)state;
    struct breaker breaker = tripped_at(5000);
    assert_int_equal(breaker_due_ms(&breaker, 5000), 6000);
    assert_false(breaker_allows(&breaker, 5999));
    assert_true(breaker_allows(&breaker, 6000));
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
    assert_int_equal(breaker_due_ms(&breaker, 6100), 6100);
    breaker_called(&breaker);
    assert_false(breaker_allows(&breaker, 60000));
    assert_true(breaker_due_ms(&breaker, 60000) == DUE_NEVER);
    assert_true(end(&breaker, FAULT_OK, 0, 6200)); /* it was away */
    assert_true(breaker_allows(&breaker, 6200));
    assert_false(end(&breaker, FAULT_OK, 0, 6300)); /* it was not */
}

static void rests_double_while_probes_fail(void **state)
{
    (void)state;
    const int64_t rests_ms[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000};
    struct breaker breaker = tripped_at(0);
    int64_t now_ms = 0;
    for (size_t i = 0; i < COUNT_OF(rests_ms); i++) {
        assert_int_equal(breaker_due_ms(&breaker, now_ms), now_ms + rests_ms[i]);
        now_ms += rests_ms[i];
        assert_true(breaker_allows(&breaker, now_ms));
        breaker_called(&breaker);
        assert_false(end(&breaker, FAULT_TRANSPORT, 0, now_ms));
    }
    assert_true(breaker_allows(&breaker, now_ms + 20000));
    end(&breaker, FAULT_OK, 0, now_ms);
    assert_int_equal(tripped_at(0).until_ms, 1000); /* from the beginning */
}

static void calls_that_began_before_count_too(void **state)
{
    (void)state;
    struct breaker breaker = tripped_at(0);
    end(&breaker, FAULT_TRANSPORT, 1, 500);
    assert_int_equal(breaker_due_ms(&breaker, 500), 1000); /* no longer rest for it */
    assert_true(end(&breaker, FAULT_OK, 2, 600));
    assert_int_equal(breaker.state, BREAKER_CLOSED);

    breaker = tripped_at(0);
    assert_true(breaker_allows(&breaker, 1000));
    end(&breaker, FAULT_TRANSPORT, 1, 1100); /* as good as a probe */
    assert_int_equal(breaker_due_ms(&breaker, 1100), 3100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_of_the_state_table),
        cmocka_unit_test(the_table_of_the_documentation),
        cmocka_unit_test(a_row_of_failures_opens_it),
        cmocka_unit_test(any_answer_between_begins_anew),
        cmocka_unit_test(throttling_never_opens_it),
        cmocka_unit_test(one_job_that_the_service_chokes_on_does_not_open_it),
        cmocka_unit_test(one_probe_after_the_rest_and_no_other_call),
        cmocka_unit_test(rests_double_while_probes_fail),
        cmocka_unit_test(calls_that_began_before_count_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
