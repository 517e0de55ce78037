#include "bridge/known.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TOPIC  "jobs-bridge/jobs/rollout/update"
#define SLOT   field_slot(FIELD_ROLLOUT_MAXIMUM)
#define BIT(n) (UINT32_C(1) << (n))

/* A memory of one job, that of the last change. */
struct memory {
    char job[128];
    char text[1024];
    unsigned changes;
    bool fails;
};

static enum err remember(void *context, struct str job, struct str text, struct why *why)
{
    struct memory *memory = context;
    if (memory->fails)
        return why_set(why, ERR_IO, NULL, "no disk");
    memory->changes++;
    snprintf(memory->job, sizeof memory->job, "%.*s", STR_ARG(job));
    snprintf(memory->text, sizeof memory->text, "%.*s", STR_ARG(text));
    return ERR_NONE;
}

static enum err each(void *context, memory_visit_fn *visit, void *visit_context, struct why *why)
{
    struct memory *memory = context;
    (void)why;
    return memory->text[0] == '\0'
               ? ERR_NONE
               : visit(visit_context, str_of(memory->job), str_of(memory->text));
}

static struct port_memory port_of(struct memory *memory)
{
    return (struct port_memory){memory, remember, each};
}

static struct record *record_of(const char *topic, const char *payload)
{
    struct outcome_options options = sample_options();
    struct arrival arrival = sample_arrival(topic, payload);
    return sample_taken(&options, &arrival);
}

static struct record *rollout(unsigned per_minute)
{
    char payload[128];
    snprintf(payload, sizeof payload, "{\"jobExecutionsRolloutConfig\":{\"maximumPerMinute\":%u}}",
             per_minute);
    return record_of(TOPIC, payload);
}

static struct record *enter(struct known *known, struct record *record)
{
    assert_int_equal(known_enter(known, record), ERR_NONE);
    return record;
}

static void leave(struct known *known, struct record *record, enum reject code)
{
    record->outcome.code = code;
    assert_int_equal(known_leave(known, record, NULL), ERR_NONE);
    record_free(record);
}

static void check_range(const struct known *known, double low, double high, bool is_known)
{
    struct known_range range = known_look(known, STR("rollout"), SLOT);
    assert_true(range.has_values);
    assert_true(range.low == low);
    assert_true(range.high == high);
    assert_int_equal(range.is_known, is_known);
}

static void check_nothing(const struct known *known)
{
    struct known_range range = known_look(known, STR("rollout"), SLOT);
    assert_false(range.has_values);
    assert_false(range.is_known);
}

static void an_accepted_value_is_known(void **state)
{
    (void)state;
    struct known known;
    known_init(&known, BIT(SLOT), &(struct port_memory){0});
    check_nothing(&known);
    check_nothing(NULL);
    struct record *first = enter(&known, rollout(50));
    check_range(&known, 50, 50, false);
    leave(&known, first, REJECT_NONE);
    check_range(&known, 50, 50, true);
    leave(&known, enter(&known, rollout(80)), REJECT_NONE);
    check_range(&known, 80, 80, true);
    assert_false(known_look(&known, STR("other"), SLOT).has_values);
    assert_false(known_look(&known, STR("rollout"), SLOT + 1).has_values);
    known_fini(&known);
}

static void undecided_commands_count_until_all_are_decided(void **state)
{
    (void)state;
    struct known known;
    known_init(&known, BIT(SLOT), &(struct port_memory){0});
    leave(&known, enter(&known, rollout(100)), REJECT_NONE);
    struct record *low = enter(&known, rollout(10));
    struct record *high = enter(&known, rollout(300));
    check_range(&known, 10, 300, true);
    leave(&known, low, REJECT_INVALID_REQUEST);
    check_range(&known, 10, 300, true);
    leave(&known, high, REJECT_INVALID_REQUEST);
    check_range(&known, 100, 100, true);
    known_fini(&known);
}

static void what_may_have_been_applied_counts_until_the_next_is_accepted(void **state)
{
    (void)state;
    struct known known;
    known_init(&known, BIT(SLOT), &(struct port_memory){0});
    struct record *lost = enter(&known, rollout(70));
    lost->may_be_applied = true;
    leave(&known, lost, REJECT_SERVICE_UNAVAILABLE);
    check_nothing(&known);
    leave(&known, enter(&known, rollout(100)), REJECT_NONE);
    lost = enter(&known, rollout(40));
    lost->may_be_applied = true;
    leave(&known, lost, REJECT_SERVICE_UNAVAILABLE);
    check_range(&known, 40, 100, true);
    leave(&known, enter(&known, rollout(200)), REJECT_REQUEST_THROTTLED);
    check_range(&known, 40, 100, true);
    leave(&known, enter(&known, rollout(30)), REJECT_NONE);
    check_range(&known, 30, 30, true);
    known_fini(&known);
}

static void a_job_that_is_gone_is_not_known(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct port_memory port = port_of(&memory);
    struct known known;
    known_init(&known, BIT(SLOT), &port);
    leave(&known, enter(&known, rollout(100)), REJECT_NONE);
    leave(&known, enter(&known, rollout(90)), REJECT_RESOURCE_NOT_FOUND);
    check_nothing(&known);
    assert_string_equal(memory.text, "");
    assert_int_equal(memory.changes, 2);
    assert_int_equal(known.jobs.count, 0);
    known_fini(&known);
}

static void what_is_cancelled_leaves_nothing(void **state)
{
    (void)state;
    struct known known;
    known_init(&known, BIT(SLOT), &(struct port_memory){0});
    struct record *record = enter(&known, rollout(100));
    known_cancel(&known, record);
    check_nothing(&known);
    assert_int_equal(known.jobs.count, 0);
    record_free(record);
    record = record_of(TOPIC, "{\"description\":\"x\"}");
    assert_int_equal(known_enter(&known, record), ERR_NONE);
    known_cancel(&known, record);
    leave(&known, record, REJECT_NONE);
    assert_int_equal(known.jobs.count, 0);
    known_fini(&known);
}

static void a_member_replaced_without_the_number_has_it_unset(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct port_memory port = port_of(&memory);
    struct known known;
    known_init(&known, BIT(SLOT), &port);
    leave(&known, enter(&known, record_of(TOPIC, "{\"jobExecutionsRolloutConfig\":{}}")),
          REJECT_NONE);
    check_range(&known, HUGE_VAL, HUGE_VAL, true);
    assert_string_equal(memory.text,
                        "{\"jobExecutionsRolloutConfig.maximumPerMinute\":[null,null]}");
    leave(&known, enter(&known, record_of(TOPIC, "{\"timeoutConfig\":{}}")), REJECT_NONE);
    check_range(&known, HUGE_VAL, HUGE_VAL, true);
    assert_int_equal(memory.changes, 1);
    known_fini(&known);
}

static void it_is_kept_and_taken_up_again(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct port_memory port = port_of(&memory);
    unsigned timed_out = field_slot(FIELD_ABORT_THRESHOLD) + 2;
    uint32_t tracked = BIT(SLOT) | UINT32_C(15) << field_slot(FIELD_ABORT_THRESHOLD);
    struct known known;
    known_init(&known, tracked, &port);
    leave(&known,
          enter(&known, record_of(TOPIC, "{\"abortConfig\":{\"criteriaList\":[{\"failureType\":"
                                         "\"TIMED_OUT\",\"action\":\"CANCEL\","
                                         "\"thresholdPercentage\":12.35,"
                                         "\"minNumberOfExecutedThings\":1}]}}")),
          REJECT_NONE);
    leave(&known, enter(&known, rollout(50)), REJECT_NONE);
    assert_int_equal(memory.changes, 2);
    leave(&known, enter(&known, rollout(50)), REJECT_NONE);
    assert_int_equal(memory.changes, 2);
    known_fini(&known);

    known_init(&known, tracked, &port);
    assert_int_equal(known_load(&known, NULL), ERR_NONE);
    check_range(&known, 50, 50, true);
    assert_true(known_look(&known, STR("rollout"), timed_out).low == 12.35);
    assert_true(isinf(known_look(&known, STR("rollout"), timed_out + 1).low));
    known_fini(&known);

    known_init(&known, BIT(timed_out), &port);
    assert_int_equal(known_load(&known, NULL), ERR_NONE);
    check_nothing(&known);
    assert_true(known_look(&known, STR("rollout"), timed_out).is_known);
    known_fini(&known);
}

static void what_it_cannot_read_is_not_known(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "nonsense",
        "{}",
        "[]",
        "{\"jobExecutionsRolloutConfig.maximumPerMinute\":50}",
        "{\"jobExecutionsRolloutConfig.maximumPerMinute\":[50]}",
        "{\"jobExecutionsRolloutConfig.maximumPerMinute\":[60,50]}",
        "{\"jobExecutionsRolloutConfig.maximumPerMinute\":[\"50\",50]}",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct memory memory = {.job = "rollout"};
        struct port_memory port = port_of(&memory);
        struct known known;
        snprintf(memory.text, sizeof memory.text, "%s", texts[i]);
        known_init(&known, BIT(SLOT), &port);
        assert_int_equal(known_load(&known, NULL), ERR_NONE);
        check_nothing(&known);
        known_fini(&known);
    }
}

static void nothing_tracked_keeps_nothing(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct port_memory port = port_of(&memory);
    struct known known;
    known_init(&known, 0, &port);
    leave(&known, enter(&known, rollout(50)), REJECT_NONE);
    check_nothing(&known);
    assert_int_equal(memory.changes, 0);
    assert_int_equal(known_load(&known, NULL), ERR_NONE);
    known_fini(&known);
}

static void a_memory_that_fails_is_told(void **state)
{
    (void)state;
    struct memory memory = {.fails = true};
    struct port_memory port = port_of(&memory);
    struct known known;
    struct why why;
    known_init(&known, BIT(SLOT), &port);
    struct record *record = enter(&known, rollout(50));
    assert_int_equal(known_leave(&known, record, &why), ERR_IO);
    assert_string_equal(why.text, "no disk");
    check_range(&known, 50, 50, true);
    record_free(record);
    known_fini(&known);
}

static struct record *of_job(unsigned number)
{
    char topic[128];
    snprintf(topic, sizeof topic, "jobs-bridge/jobs/j%u/update", number);
    return record_of(topic, "{\"jobExecutionsRolloutConfig\":{\"maximumPerMinute\":1}}");
}

static void the_oldest_job_makes_room(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct port_memory port = port_of(&memory);
    struct known known;
    known_init(&known, BIT(SLOT), &port);
    for (unsigned i = 0; i < LIMITS_KNOWN_JOBS; i++)
        leave(&known, enter(&known, of_job(i)), REJECT_NONE);
    leave(&known, enter(&known, of_job(0)), REJECT_NONE); /* so j1 is the oldest */
    struct record *one_more = enter(&known, of_job(LIMITS_KNOWN_JOBS));
    assert_int_equal(known.jobs.count, LIMITS_KNOWN_JOBS);
    assert_string_equal(memory.job, "j1");
    assert_string_equal(memory.text, "");
    assert_false(known_look(&known, STR("j1"), SLOT).has_values);
    assert_true(known_look(&known, STR("j0"), SLOT).is_known);
    leave(&known, one_more, REJECT_NONE);
    known_fini(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accepted_value_is_known),
        cmocka_unit_test(undecided_commands_count_until_all_are_decided),
        cmocka_unit_test(what_may_have_been_applied_counts_until_the_next_is_accepted),
        cmocka_unit_test(a_job_that_is_gone_is_not_known),
        cmocka_unit_test(what_is_cancelled_leaves_nothing),
        cmocka_unit_test(a_member_replaced_without_the_number_has_it_unset),
        cmocka_unit_test(it_is_kept_and_taken_up_again),
        cmocka_unit_test(what_it_cannot_read_is_not_known),
        cmocka_unit_test(nothing_tracked_keeps_nothing),
        cmocka_unit_test(a_memory_that_fails_is_told),
        cmocka_unit_test(the_oldest_job_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
