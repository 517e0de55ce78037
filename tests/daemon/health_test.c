#include "daemon/health.h"
#include "tests/check.h"

typedef bool question_fn(const struct health *health, int64_t now_ms, struct emit *reasons);

/* NULL: the answer is yes, and there are no reasons. */
static void check_answer(question_fn *question, const struct health *health, int64_t now_ms,
                         const char *reasons)
{
    struct buf out;
    buf_init(&out, 1024);
    struct emit emit = emit_to(&out);
    assert_int_equal(question(health, now_ms, &emit), reasons == NULL);
    assert_string_equal(buf_text(&out), reasons != NULL ? reasons : "");
    buf_fini(&out);
}

static void live(void **state)
{
    (void)state;
    struct health health;
    health_init(&health);
    check_answer(health_is_live, &health, 1000, "\"the loop does not turn\"");
    health_set_turn(&health, 1000);
    check_answer(health_is_live, &health, 1000, NULL);
    check_answer(health_is_live, &health, 1000 + HEALTH_TURN_MAX_MS, NULL);
    check_answer(health_is_live, &health, 1001 + HEALTH_TURN_MAX_MS, "\"the loop does not turn\"");
}

static void ready(void **state)
{
    (void)state;
    struct health health;
    health_init(&health);
    check_answer(health_is_ready, &health, 1,
                 "\"the loop does not turn\","
                 "\"no link to the MQTT broker\"");
    health_set_turn(&health, 1);
    health_set_mqtt(&health, true);
    check_answer(health_is_ready, &health, 1, NULL);
    health_set_endpoint(&health, HEALTH_ENDPOINT_DOWN);
    check_answer(health_is_ready, &health, 1, "\"the Jobs endpoint does not answer\"");
    health_set_endpoint(&health, HEALTH_ENDPOINT_UP);
    check_answer(health_is_ready, &health, 1, NULL);
    health_set_mqtt(&health, false);
    check_answer(health_is_ready, &health, 1, "\"no link to the MQTT broker\"");
    check_answer(health_is_live, &health, 1, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(live), cmocka_unit_test(ready)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
