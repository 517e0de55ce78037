#include "bridge/record.h"
#include "tests/bridge/sample.h"
#include "tests/bridge/table.h"
#include "tests/check.h"

#define NEVER RECORD_STATE_COUNT

/* Said a second time, in the words of the contract, so that a slip in the table shows. */
static enum record_state expected(enum record_state state, enum record_event event)
{
    bool is_undecided = state == RECORD_WAITING || state == RECORD_PAUSING;
    switch (event) {
    case RECORD_CALL:
        return state == RECORD_WAITING ? RECORD_CALLING : NEVER;
    case RECORD_ACCEPT:
        return state == RECORD_WAITING || state == RECORD_CALLING ? RECORD_DECIDED : NEVER;
    case RECORD_REFUSE:
        return is_undecided || state == RECORD_CALLING ? RECORD_DECIDED : NEVER;
    case RECORD_RETRY:
        return state == RECORD_CALLING ? RECORD_PAUSING : NEVER;
    case RECORD_SPLIT:
        return state == RECORD_CALLING ? RECORD_WAITING : NEVER;
    case RECORD_RESUME:
        return state == RECORD_PAUSING ? RECORD_WAITING : NEVER;
    case RECORD_EXPIRE:
        return is_undecided ? RECORD_DECIDED : NEVER;
    case RECORD_DELIVER:
        return state == RECORD_DECIDED ? RECORD_DONE : NEVER;
    case RECORD_EVENT_COUNT:
        break;
    }
    fail_msg("event %d has no rule", (int)event);
    return NEVER;
}

static void every_cell_of_the_state_table(void **state)
{
    (void)state;
    for (int from = 0; from < RECORD_STATE_COUNT; from++)
        for (int event = 0; event < RECORD_EVENT_COUNT; event++) {
            enum record_state next = record_next((enum record_state)from, (enum record_event)event);
            if (next != expected((enum record_state)from, (enum record_event)event))
                print_error("state %s, event %d\n", record_state_name((enum record_state)from),
                            event);
            assert_int_equal(next, expected((enum record_state)from, (enum record_event)event));
        }
}

static const char *name(int state)
{
    return record_state_name((enum record_state)state);
}

static int next(int state, int event)
{
    return (int)record_next((enum record_state)state, (enum record_event)event);
}

static void the_table_of_the_documentation(void **state)
{
    (void)state;
    table_check(&(struct table_of){"A command's states", RECORD_STATE_COUNT, RECORD_EVENT_COUNT,
                                   name, next});
}

static void every_state_can_reach_done_and_has_a_name(void **state)
{
    (void)state;
    bool reaches[RECORD_STATE_COUNT] = {[RECORD_DONE] = true};
    for (int round = 0; round < RECORD_STATE_COUNT; round++)
        for (int from = 0; from < RECORD_STATE_COUNT; from++)
            for (int event = 0; event < RECORD_EVENT_COUNT; event++) {
                enum record_state next =
                    record_next((enum record_state)from, (enum record_event)event);
                if (next != NEVER && reaches[next])
                    reaches[from] = true;
            }
    for (int from = 0; from < RECORD_STATE_COUNT; from++) {
        assert_true(reaches[from]);
        assert_true(strlen(record_state_name((enum record_state)from)) > 0);
    }
}

static void the_record_owns_all_it_says(void **state)
{
    (void)state;
    char topic[] = "jobs-bridge/things/pump/jobs/rollout/update";
    char correlation[] = "\x01\x02";
    struct arrival arrival = sample_arrival(topic, "");
    struct str things[] = {STR("fan"), STR("pump"), STR("valve")};
    struct command command = {
        .client_token = STR("token"), .things = things, .thing_count = COUNT_OF(things)};
    struct record_draft draft = {
        .arrival = &arrival,
        .topic = {.thing = {topic + 19, 4}, .job = {topic + 29, 7}},
        .namespace = STR("site"),
        .response_topic = STR("replies/7"),
        .correlation = {correlation, 2},
        .command = &command,
    };
    struct record *record = record_new(&draft);
    memset(topic, 'x', sizeof topic);
    memset(correlation, 'x', sizeof correlation);
    memset(things, 0, sizeof things);

    check_str(record->topic, "jobs-bridge/things/pump/jobs/rollout/update");
    check_str(record->thing, "pump");
    check_str(record->job, "rollout");
    check_str(record->namespace, "site");
    check_str(record->response_topic, "replies/7");
    check_str(record->correlation, "\x01\x02");
    check_str(record->client_token, "token");
    assert_int_equal(record->target_count, 3); /* the sender once, and first */
    check_str(record->targets[0], "pump");
    check_str(record->targets[1], "fan");
    check_str(record->targets[2], "valve");
    assert_int_equal(record->state, RECORD_WAITING);
    assert_true(record->expires_ms == DUE_NEVER);
    assert_int_equal(record->shared_by, 1);
    record_free(record);
}

static void a_record_of_nothing_but_a_topic(void **state)
{
    (void)state;
    struct arrival arrival = sample_arrival("anything", "");
    struct record *record = record_new(&(struct record_draft){.arrival = &arrival});
    check_str(record->topic, "anything");
    check_str(record->job, NULL);
    check_str(record->thing, NULL);
    check_str(record->namespace, NULL);
    check_str(record->client_token, NULL);
    check_str(record->correlation, NULL);
    assert_int_equal(record->target_count, 0);
    record_free(record);
    record_free(NULL);
}

static void an_ending_owns_its_texts(void **state)
{
    (void)state;
    struct record *record = sample_record("rollout");
    struct why why;
    char request_id[] = "request-9";
    why_set(&why, ERR_INVALID, "description", "too long");
    record_conclude(record, REJECT_INVALID_REQUEST, &why, str_of(request_id));
    memset(&why, 'x', sizeof why);
    memset(request_id, 'x', sizeof request_id);
    assert_int_equal(record->outcome.code, REJECT_INVALID_REQUEST);
    check_str(record->outcome.field, "description");
    check_str(record->outcome.message, "too long");
    check_str(record->outcome.request_id, "request-9");

    record_conclude(record, REJECT_NONE, NULL, STR_NONE);
    check_str(record->outcome.field, NULL);
    check_str(record->outcome.message, NULL);
    check_str(record->outcome.request_id, NULL);
    record_free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_of_the_state_table),
        cmocka_unit_test(the_table_of_the_documentation),
        cmocka_unit_test(every_state_can_reach_done_and_has_a_name),
        cmocka_unit_test(the_record_owns_all_it_says),
        cmocka_unit_test(a_record_of_nothing_but_a_topic),
        cmocka_unit_test(an_ending_owns_its_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
