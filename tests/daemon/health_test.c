#include "daemon/health.h"
#include "tests/check.h"

#include <stdio.h>

typedef bool question_fn(const struct snapshot *snapshot, int64_t now_ms, struct emit *reasons);

/* NULL: the answer is yes, and there are no reasons. */
static void check_answer(question_fn *question, const struct snapshot *snapshot, int64_t now_ms,
                         const char *reasons)
{
    struct buf out;
    buf_init(&out, 4096);
    struct emit emit = emit_to(&out);
    assert_int_equal(question(snapshot, now_ms, &emit), reasons == NULL);
    assert_string_equal(buf_text(&out), reasons != NULL ? reasons : "");
    buf_fini(&out);
}

/* One that is fine, at 1000 ms. */
static struct snapshot fine(void)
{
    return (struct snapshot){
        .taken_mono_ms = 1000,
        .has_journal = true,
        .links[SIDE_LOCAL].is_connected = true,
        .has_credentials = true,
        .credentials_expire_at_s = -1,
    };
}

static void live(void **state)
{
    (void)state;
    const char *not_turning = "\"the loop does not turn\"";
    struct snapshot snapshot = {0};
    check_answer(health_is_live, &snapshot, 1000, not_turning);
    snapshot.taken_mono_ms = 1000;
    check_answer(health_is_live, &snapshot, 1000, NULL);
    check_answer(health_is_live, &snapshot, 1000 + HEALTH_TURN_MAX_MS, NULL);
    check_answer(health_is_live, &snapshot, 1001 + HEALTH_TURN_MAX_MS, not_turning);
}

static void ready(void **state)
{
    (void)state;
    struct snapshot snapshot = fine();
    check_answer(health_is_ready, &snapshot, 1000, NULL);
    check_answer(health_is_ready, &snapshot, 1001 + HEALTH_TURN_MAX_MS,
                 "\"the loop does not turn\"");
}

static void each_hindrance_is_a_reason(void **state)
{
    (void)state;
    struct snapshot snapshot = fine();
    snapshot.is_stopping = true;
    check_answer(health_is_ready, &snapshot, 1000, "\"the service is stopping\"");
    check_answer(health_is_live, &snapshot, 1000, NULL);
    snapshot = fine();
    snapshot.links[SIDE_LOCAL].is_connected = false;
    check_answer(health_is_ready, &snapshot, 1000, "\"no link to the MQTT broker\"");
    snprintf(snapshot.links[SIDE_LOCAL].problem, sizeof snapshot.links[SIDE_LOCAL].problem,
             "connection refused");
    check_answer(health_is_ready, &snapshot, 1000,
                 "\"no link to the MQTT broker: connection refused\"");
    snapshot = fine();
    snapshot.has_journal = false;
    snprintf(snapshot.journal_problem, sizeof snapshot.journal_problem, "disk I/O error");
    check_answer(health_is_ready, &snapshot, 1000,
                 "\"the journal cannot be written: disk I/O error\"");
    snapshot = fine();
    snapshot.is_full = true;
    check_answer(health_is_ready, &snapshot, 1000,
                 "\"no room: commands are left with the broker\"");
    snapshot = fine();
    snapshot.lacks_credentials = true;
    snprintf(snapshot.credentials_problem, sizeof snapshot.credentials_problem, "nobody has any");
    check_answer(health_is_ready, &snapshot, 1000, "\"calls cannot be signed: nobody has any\"");
}

/* However it is not closed. */
static void breaker(void **state)
{
    (void)state;
    struct snapshot snapshot = fine();
    snapshot.last_fault = FAULT_SERVICE_UNAVAILABLE; /* long ago, perhaps */
    check_answer(health_is_ready, &snapshot, 1000, NULL);
    for (enum breaker_state each = BREAKER_OPEN; each < BREAKER_STATE_COUNT; each++) {
        snapshot.breaker = each;
        check_answer(health_is_ready, &snapshot, 1000,
                     "\"the Jobs endpoint does not work: ServiceUnavailableException\"");
        check_answer(health_is_live, &snapshot, 1000, NULL);
    }
}

static void all_reasons_are_given(void **state)
{
    (void)state;
    const struct snapshot snapshot = {.is_full = true};
    check_answer(health_is_ready, &snapshot, 1000,
                 "\"the loop does not turn\",\"no link to the MQTT broker\","
                 "\"the journal cannot be written\","
                 "\"no room: commands are left with the broker\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live),
        cmocka_unit_test(ready),
        cmocka_unit_test(each_hindrance_is_a_reason),
        cmocka_unit_test(breaker),
        cmocka_unit_test(all_reasons_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
