#include "bridge/schedule.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

static void init(struct schedule *schedule, unsigned max_in_flight, double rate, unsigned burst)
{
    schedule_init(schedule,
                  &(struct schedule_options){
                      .max_in_flight = max_in_flight, .rate_per_second = rate, .burst = burst},
                  0);
}

static struct record *add(struct schedule *schedule, const char *job, int64_t deadline_ms)
{
    struct record *record = sample_record(job);
    assert_int_equal(schedule_add(schedule, record, deadline_ms), ERR_NONE);
    return record;
}

static void settle(struct schedule *schedule, struct record *record, enum record_event event)
{
    schedule_settle(schedule, record, event);
    assert_int_equal(record->state, RECORD_DECIDED);
    assert_null(record->lane);
    record_free(record);
}

static void check_counts(const struct schedule *schedule, size_t waiting, size_t in_flight)
{
    assert_int_equal(schedule->waiting, waiting);
    assert_int_equal(schedule->in_flight, in_flight);
}

static void one_call_at_a_time_first_in_first_out(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    struct record *records[4];
    for (size_t i = 0; i < COUNT_OF(records); i++)
        records[i] = add(&schedule, "a", 1000);
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        assert_ptr_equal(schedule_start(&schedule, 0), records[i]);
        assert_int_equal(records[i]->state, RECORD_CALLING);
        assert_int_equal(records[i]->attempts, 1);
        assert_null(schedule_start(&schedule, 0));
        check_counts(&schedule, COUNT_OF(records) - i - 1, 1);
        settle(&schedule, records[i], RECORD_ACCEPT);
    }
    assert_null(schedule_start(&schedule, 0));
    check_counts(&schedule, 0, 0);
    assert_true(schedule_due_ms(&schedule, 0) == DUE_NEVER);
    schedule_fini(&schedule);
}

static void lanes_take_turns(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 1, 0, 1);
    const char *jobs[] = {"a", "a", "a", "b", "b", "c"};
    const char *turns[] = {"a", "b", "c", "a", "b", "a"};
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        add(&schedule, jobs[i], 1000);
    for (size_t i = 0; i < COUNT_OF(turns); i++) {
        struct record *record = schedule_start(&schedule, 0);
        assert_non_null(record);
        check_str(record->job, turns[i]);
        settle(&schedule, record, RECORD_ACCEPT);
    }
    schedule_fini(&schedule);
}

static void no_more_in_flight_than_may_be(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 2, 0, 1);
    add(&schedule, "a", 1000);
    add(&schedule, "b", 1000);
    add(&schedule, "c", 1000);
    struct record *first = schedule_start(&schedule, 0);
    assert_non_null(schedule_start(&schedule, 0));
    assert_null(schedule_start(&schedule, 0));
    assert_int_equal(schedule_due_ms(&schedule, 0), 1000); /* the deadlines only */
    settle(&schedule, first, RECORD_REFUSE);
    assert_int_equal(schedule_due_ms(&schedule, 0), 0);
    assert_non_null(schedule_start(&schedule, 0));
    check_counts(&schedule, 0, 2);
    schedule_fini(&schedule);
}

static void the_rate_limits_starts_not_turns(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 10, 2);
    add(&schedule, "a", 9000);
    add(&schedule, "b", 9000);
    add(&schedule, "c", 9000);
    struct record *first = schedule_start(&schedule, 0);
    assert_non_null(schedule_start(&schedule, 0));
    assert_null(schedule_start(&schedule, 0));
    schedule_judge(&schedule, first, &(struct reply){.class = FAULT_NONE}, 0);
    assert_int_equal(schedule_due_ms(&schedule, 0), 100);
    assert_null(schedule_start(&schedule, 99));
    assert_non_null(schedule_start(&schedule, 100));
    assert_int_equal(schedule_due_ms(&schedule, 100), 9000);
    schedule_fini(&schedule);
}

static void asking_in_vain_costs_no_token(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 1, 10, 1);
    for (int i = 0; i < 5; i++)
        assert_null(schedule_start(&schedule, 0));
    add(&schedule, "a", 9000);
    assert_non_null(schedule_start(&schedule, 0));
    schedule_fini(&schedule);
}

static void a_failed_head_pauses_in_place_while_others_go_on(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    struct record *head = add(&schedule, "a", 9000);
    struct record *behind = add(&schedule, "a", 9000);
    struct record *other = add(&schedule, "b", 9000);
    assert_ptr_equal(schedule_start(&schedule, 0), head);
    schedule_pause(&schedule, head, 500);
    assert_int_equal(head->state, RECORD_PAUSING);
    check_counts(&schedule, 3, 0);

    assert_ptr_equal(schedule_start(&schedule, 10), other);
    assert_null(schedule_start(&schedule, 499));
    settle(&schedule, other, RECORD_ACCEPT);
    assert_int_equal(schedule_due_ms(&schedule, 499), 500);

    assert_ptr_equal(schedule_start(&schedule, 500), head);
    assert_int_equal(head->attempts, 2);
    settle(&schedule, head, RECORD_ACCEPT);
    assert_ptr_equal(schedule_start(&schedule, 500), behind);
    schedule_fini(&schedule);
}

static void a_hold_stops_every_lane(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    add(&schedule, "a", 9000);
    add(&schedule, "b", 9000);
    bucket_hold(&schedule.pace.bucket, 700);
    assert_null(schedule_start(&schedule, 699));
    assert_int_equal(schedule_due_ms(&schedule, 0), 700);
    assert_non_null(schedule_start(&schedule, 700));
    assert_non_null(schedule_start(&schedule, 700));
    schedule_fini(&schedule);
}

static void deadlines_fire_wherever_a_command_waits(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    struct record *head = add(&schedule, "a", 300);
    struct record *behind = add(&schedule, "a", 200);
    struct record *last = add(&schedule, "a", 100);
    struct record *pausing = add(&schedule, "b", 400);
    bucket_hold(&schedule.pace.bucket, 0);
    assert_int_equal(schedule_due_ms(&schedule, 0), 0);
    bucket_hold(&schedule.pace.bucket, 1000);
    assert_int_equal(schedule_due_ms(&schedule, 0), 100);

    assert_null(schedule_expired(&schedule, 99));
    assert_ptr_equal(schedule_expired(&schedule, 100), last);
    settle(&schedule, last, RECORD_EXPIRE);
    assert_null(schedule_expired(&schedule, 100));
    assert_ptr_equal(schedule_expired(&schedule, 350), behind);
    settle(&schedule, behind, RECORD_EXPIRE);
    assert_ptr_equal(schedule_expired(&schedule, 350), head);
    settle(&schedule, head, RECORD_EXPIRE);
    assert_ptr_equal(schedule_expired(&schedule, 400), pausing);
    settle(&schedule, pausing, RECORD_EXPIRE);
    check_counts(&schedule, 0, 0);
    schedule_fini(&schedule);
}

static void a_call_outlives_its_deadline(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    struct record *head = add(&schedule, "a", 100);
    struct record *behind = add(&schedule, "a", 100);
    assert_ptr_equal(schedule_start(&schedule, 0), head);
    assert_ptr_equal(schedule_expired(&schedule, 100), behind);
    settle(&schedule, behind, RECORD_EXPIRE);
    assert_null(schedule_expired(&schedule, 100));
    assert_true(schedule_due_ms(&schedule, 100) == DUE_NEVER);
    settle(&schedule, head, RECORD_ACCEPT);
    schedule_fini(&schedule);
}

static void a_pausing_head_can_end_and_the_next_is_ready(void **state)
{
    (void)state;
    const enum record_event ends[] = {RECORD_REFUSE, RECORD_EXPIRE};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct schedule schedule;
        init(&schedule, 8, 0, 1);
        struct record *head = add(&schedule, "a", 9000);
        struct record *behind = add(&schedule, "a", 9000);
        assert_ptr_equal(schedule_start(&schedule, 0), head);
        schedule_pause(&schedule, head, 500);
        settle(&schedule, head, ends[i]);
        assert_ptr_equal(schedule_start(&schedule, 1), behind);
        assert_null(schedule_start(&schedule, 600)); /* the pause went with its record */
        settle(&schedule, behind, RECORD_ACCEPT);
        assert_true(schedule_due_ms(&schedule, 1) == DUE_NEVER);
        schedule_fini(&schedule);
    }
}

static void settling_one_behind_leaves_the_head_alone(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    struct record *head = add(&schedule, "a", 9000);
    struct record *middle = add(&schedule, "a", 9000);
    struct record *last = add(&schedule, "a", 9000);
    settle(&schedule, middle, RECORD_REFUSE); /* behind a waiting head */
    assert_ptr_equal(schedule_start(&schedule, 0), head);
    schedule_pause(&schedule, head, 500);
    settle(&schedule, last, RECORD_REFUSE); /* behind a pausing head */
    assert_null(schedule_start(&schedule, 499));
    assert_ptr_equal(schedule_start(&schedule, 500), head);
    check_counts(&schedule, 0, 1);
    settle(&schedule, head, RECORD_ACCEPT);
    schedule_fini(&schedule);
}

static void those_behind_know_what_holds_up_their_lane(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    struct record *head = add(&schedule, "a", 9000);
    struct record *behind = add(&schedule, "a", 9000);
    struct record *last = add(&schedule, "a", 9000);
    struct record *other = add(&schedule, "b", 9000);
    assert_int_equal(schedule_last_fault(head), FAULT_OK);

    assert_ptr_equal(schedule_start(&schedule, 0), head);
    head->last_fault = FAULT_TRANSPORT;
    schedule_pause(&schedule, head, 500);
    assert_int_equal(schedule_last_fault(head), FAULT_TRANSPORT);
    assert_int_equal(schedule_last_fault(behind), FAULT_TRANSPORT);
    assert_int_equal(schedule_last_fault(other), FAULT_OK);

    settle(&schedule, head, RECORD_EXPIRE); /* nothing has become better by that */
    assert_int_equal(schedule_last_fault(behind), FAULT_TRANSPORT);
    settle(&schedule, other, RECORD_REFUSE);
    assert_ptr_equal(schedule_start(&schedule, 0), behind);
    settle(&schedule, behind, RECORD_ACCEPT);
    assert_int_equal(schedule_last_fault(last), FAULT_OK);
    schedule_fini(&schedule);
}

static void a_good_call_after_a_bad_one_clears_the_lane(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    struct record *head = add(&schedule, "a", 9000);
    struct record *behind = add(&schedule, "a", 9000);
    assert_ptr_equal(schedule_start(&schedule, 0), head);
    head->last_fault = FAULT_TRANSPORT;
    schedule_pause(&schedule, head, 0);
    assert_ptr_equal(schedule_start(&schedule, 0), head);
    settle(&schedule, head, RECORD_ACCEPT);
    assert_int_equal(schedule_last_fault(behind), FAULT_OK);
    schedule_fini(&schedule);
}

struct visited {
    struct schedule *schedule;
    size_t count;
};

static void settle_unless_calling(void *context, struct record *record)
{
    struct visited *visited = context;
    visited->count++;
    if (record->state != RECORD_CALLING)
        settle(visited->schedule, record, RECORD_REFUSE);
}

static void each_visits_all_and_may_settle(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    const char *jobs[] = {"a", "a", "b", "c", "c", "c"};
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        add(&schedule, jobs[i], 9000);
    struct record *calling = schedule_start(&schedule, 0);
    schedule_pause(&schedule, schedule_start(&schedule, 0), 500);
    struct visited visited = {.schedule = &schedule};
    schedule_each(&schedule, settle_unless_calling, &visited);
    assert_int_equal(visited.count, COUNT_OF(jobs));
    check_counts(&schedule, 0, 1);
    settle(&schedule, calling, RECORD_ACCEPT);
    schedule_each(&schedule, settle_unless_calling, &visited);
    assert_int_equal(visited.count, COUNT_OF(jobs));
    schedule_fini(&schedule);
}

static void once_stopped_nothing_starts(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 8, 0, 1);
    struct record *record = add(&schedule, "a", 800);
    schedule.is_stopped = true;
    assert_null(schedule_start(&schedule, 0));
    assert_int_equal(schedule_due_ms(&schedule, 0), 800);
    settle(&schedule, record, RECORD_REFUSE);
    schedule_fini(&schedule);
}

static void what_is_left_goes_with_the_schedule(void **state)
{
    (void)state;
    struct schedule schedule;
    init(&schedule, 2, 0, 1);
    const char *jobs[] = {"a", "a", "b", "c"};
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        add(&schedule, jobs[i], 9000);
    schedule_pause(&schedule, schedule_start(&schedule, 0), 500);
    assert_non_null(schedule_start(&schedule, 0));
    schedule_fini(&schedule); /* the leak checker has the last word */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_at_a_time_first_in_first_out),
        cmocka_unit_test(lanes_take_turns),
        cmocka_unit_test(no_more_in_flight_than_may_be),
        cmocka_unit_test(the_rate_limits_starts_not_turns),
        cmocka_unit_test(asking_in_vain_costs_no_token),
        cmocka_unit_test(a_failed_head_pauses_in_place_while_others_go_on),
        cmocka_unit_test(a_hold_stops_every_lane),
        cmocka_unit_test(deadlines_fire_wherever_a_command_waits),
        cmocka_unit_test(a_call_outlives_its_deadline),
        cmocka_unit_test(a_pausing_head_can_end_and_the_next_is_ready),
        cmocka_unit_test(settling_one_behind_leaves_the_head_alone),
        cmocka_unit_test(those_behind_know_what_holds_up_their_lane),
        cmocka_unit_test(a_good_call_after_a_bad_one_clears_the_lane),
        cmocka_unit_test(each_visits_all_and_may_settle),
        cmocka_unit_test(once_stopped_nothing_starts),
        cmocka_unit_test(what_is_left_goes_with_the_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
