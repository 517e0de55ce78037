#include "daemon/send_tally.h"
#include "tests/check.h"

static void check_summary(struct send_tally *tally, const char *expected)
{
    struct buf out;
    buf_init(&out, 1024);
    send_tally_write(tally, &out);
    check_str(buf_str(&out), expected);
    buf_fini(&out);
}

static void nothing_is_a_summary_too(void **state)
{
    (void)state;
    struct send_tally tally;
    send_tally_init(&tally);
    check_summary(&tally, "0 accepted, 0 rejected, 0 without an answer");
    assert_int_equal(send_tally_exit(&tally), VERB_OK);
    send_tally_fini(&tally);
}

static void every_ending_is_counted(void **state)
{
    (void)state;
    struct send_tally tally;
    send_tally_init(&tally);
    for (int i = 100; i > 0; i--)
        send_tally_accepted(&tally, i);
    assert_int_equal(send_tally_exit(&tally), VERB_OK);
    check_summary(&tally, "100 accepted, 0 rejected, 0 without an answer; latency p50 50 ms, p99 "
                          "99 ms");
    send_tally_rejected(&tally, STR("Forbidden"), 1000);
    send_tally_rejected(&tally, STR("InvalidTopic"), 1000);
    send_tally_rejected(&tally, STR("Forbidden"), 1000);
    send_tally_rejected(&tally, STR("NeverHeardOf"), 1000);
    send_tally_rejected(&tally, STR_NONE, 1000);
    assert_int_equal(send_tally_exit(&tally), VERB_REFUSED);
    send_tally_unanswered(&tally);
    assert_int_equal(send_tally_exit(&tally), VERB_NO_ANSWER);
    assert_int_equal(send_tally_total(&tally), 106);
    check_summary(&tally,
                  "100 accepted, 5 rejected (2 with another code, 1 InvalidTopic, 2 Forbidden), 1 "
                  "without an answer; latency p50 53 ms, p99 1000 ms");
    send_tally_fini(&tally);
}

static void one_answer_is_every_percentile(void **state)
{
    (void)state;
    struct send_tally tally;
    send_tally_init(&tally);
    send_tally_accepted(&tally, -5); /* a clock that is not to be trusted */
    check_summary(&tally,
                  "1 accepted, 0 rejected, 0 without an answer; latency p50 0 ms, p99 0 ms");
    send_tally_fini(&tally);
}

static void progress_is_one_line(void **state)
{
    (void)state;
    struct send_tally tally;
    struct buf out;
    buf_init(&out, 256);
    send_tally_init(&tally);
    send_tally_accepted(&tally, 1);
    send_tally_rejected(&tally, STR("Expired"), 1);
    send_tally_write_progress(&tally, 4, 500, &out);
    check_str(buf_str(&out), "\r[###############               ] 2/4, 1 rejected, 4/s  ");
    buf_clear(&out);
    send_tally_write_progress(&tally, 0, 0, &out);
    check_str(buf_str(&out), "\r2, 1 rejected, 0/s  ");
    send_tally_fini(&tally);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_a_summary_too),
        cmocka_unit_test(every_ending_is_counted),
        cmocka_unit_test(one_answer_is_every_percentile),
        cmocka_unit_test(progress_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
