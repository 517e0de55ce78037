#include "bridge/batch.h"
#include "bridge/lane.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>

/* One command of job "rollout": its namespace in the topic and the members it sets. */
struct wish {
    const char *namespace;
    const char *members;
};

static struct record *add(struct lane *lane, const struct wish *wish)
{
    char topic[128];
    char payload[512];
    struct outcome_options options = sample_options();
    snprintf(topic, sizeof topic, "jobs-bridge/jobs/rollout/%s%s%supdate",
             wish->namespace != NULL ? "namespace-" : "",
             wish->namespace != NULL ? wish->namespace : "", wish->namespace != NULL ? "/" : "");
    snprintf(payload, sizeof payload, "{%s}", wish->members);
    struct arrival arrival = sample_arrival(topic, payload);
    struct record *record = sample_taken(&options, &arrival);
    record->lane = lane;
    list_push_back(&lane->records, &record->lane_node);
    return record;
}

static struct lane *lane_of(const struct wish *wishes, size_t count)
{
    struct lane *lane = lane_new(STR("rollout"));
    assert_non_null(lane);
    for (size_t i = 0; i < count; i++)
        add(lane, &wishes[i]);
    return lane;
}

static void call(struct lane *lane)
{
    struct record *at = lane_head(lane);
    unsigned size = batch_size(at);
    for (unsigned i = 0; i < size; i++) {
        record_move(at, RECORD_CALL);
        at->shared_by = size;
        at = list_entry(at->lane_node.next, struct record, lane_node);
    }
}

static void check_body(const struct lane *lane, const char *text)
{
    struct buf body;
    buf_init(&body, 4096);
    batch_write(lane_head(lane), &body);
    check_str(buf_str(&body), text);
    buf_fini(&body);
}

static void the_later_value_of_each_member_wins(void **state)
{
    (void)state;
    const struct wish wishes[] = {
        {NULL, "\"description\":\"one\",\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":1}"},
        {NULL, "\"description\":\"two\""},
        {NULL, "\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":3}"},
    };
    struct lane *lane = lane_of(wishes, COUNT_OF(wishes));
    assert_int_equal(batch_size(lane_head(lane)), 3);
    call(lane);
    check_body(lane,
               "{\"description\":\"two\",\"timeoutConfig\":{\"inProgressTimeoutInMinutes\":3}}");
    lane_free(lane);
}

static void the_trace_is_that_of_the_newest_that_has_one(void **state)
{
    (void)state;
    const struct wish wishes[] = {
        {NULL, "\"description\":\"one\""},
        {NULL, "\"description\":\"two\""},
        {NULL, "\"description\":\"three\""},
    };
    struct lane *lane = lane_of(wishes, COUNT_OF(wishes));
    struct record *first = lane_head(lane);
    struct record *second = list_entry(first->lane_node.next, struct record, lane_node);
    call(lane);
    check_str(batch_trace(first).parent, NULL);
    first->trace.parent = STR("one");
    check_str(batch_trace(first).parent, "one");
    second->trace.parent = STR("two");
    check_str(batch_trace(first).parent, "two");
    lane_free(lane);
}

static void what_arrives_later_is_no_part_of_the_call(void **state)
{
    (void)state;
    const struct wish first = {NULL, "\"description\":\"one\""};
    const struct wish later = {NULL, "\"description\":\"two\""};
    struct lane *lane = lane_of(&first, 1);
    call(lane);
    add(lane, &later);
    assert_null(batch_next(lane_head(lane)));
    check_body(lane, "{\"description\":\"one\"}");
    lane_free(lane);
}

static void where_a_batch_ends(void **state)
{
    (void)state;
#define RETRY(n)                                                                                   \
    "\"jobExecutionsRetryConfig\":{\"criteriaList\":[{\"failureType\":\"ALL\","                    \
    "\"numberOfRetries\":" n "}]}"
#define ROLE(n) "\"presignedUrlConfig\":{\"roleArn\":\"arn:aws:iam::123456789012:role/" n "\"}"
    const struct {
        struct wish wishes[3];
        unsigned size;
    } cases[] = {
        {{{"a", "\"description\":\"x\""}, {"a", "\"description\":\"y\""}, {NULL, NULL}}, 2},
        {{{"a", "\"description\":\"x\""}, {"b", "\"description\":\"y\""}, {NULL, NULL}}, 1},
        {{{"a", "\"description\":\"x\""}, {NULL, "\"description\":\"y\""}, {NULL, NULL}}, 1},
        {{{NULL, RETRY("2")}, {NULL, "\"description\":\"x\""}, {NULL, RETRY("0")}}, 2},
        {{{NULL, RETRY("2")}, {NULL, "\"description\":\"x\""}, {NULL, RETRY("2")}}, 3},
        {{{NULL, ROLE("one-of-them")}, {NULL, ROLE("another-one")}, {NULL, NULL}}, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t count = cases[i].wishes[2].members != NULL ? 3 : 2;
        struct lane *lane = lane_of(cases[i].wishes, count);
        if (batch_size(lane_head(lane)) != cases[i].size)
            print_error("case %zu\n", i);
        assert_int_equal(batch_size(lane_head(lane)), cases[i].size);
        lane_free(lane);
    }
}

static void no_more_than_may_share(void **state)
{
    (void)state;
    const struct wish wish = {NULL, "\"description\":\"x\""};
    struct lane *lane = lane_of(&wish, 1);
    for (int i = 0; i < LIMITS_BATCH + 5; i++)
        add(lane, &wish);
    assert_int_equal(batch_size(lane_head(lane)), LIMITS_BATCH);
    struct record *third = batch_next(batch_next(lane_head(lane)));
    third->share_max = 1;
    assert_int_equal(batch_size(lane_head(lane)), 2);
    assert_int_equal(batch_size(third), 1);
    lane_head(lane)->share_max = 1;
    assert_int_equal(batch_size(lane_head(lane)), 1);
    lane_free(lane);
}

static void no_more_bytes_than_one_command_may_have(void **state)
{
    (void)state;
    const enum update_member members[] = {UPDATE_ABORT_CONFIG,
                                          UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG};
    const struct wish wish = {NULL, "\"description\":\"x\""};
    struct lane *lane = lane_of(&wish, 1);
    char *long_text = calloc(1, LIMITS_COMMAND_BYTES);
    assert_non_null(long_text);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        struct record *record = add(lane, &wish);
        record->update.member[members[i]] = (struct str){long_text, LIMITS_COMMAND_BYTES - 10};
    }
    assert_int_equal(batch_size(lane_head(lane)), 2);
    struct record *second = batch_next(lane_head(lane));
    assert_int_equal(batch_size(second), 1); /* alone always */
    lane_free(lane);
    free(long_text);
}

static void what_is_split_and_into_how_many(void **state)
{
    (void)state;
    const struct {
        unsigned size;
        unsigned part;
    } cases[] = {{2, 1}, {16, 1}, {31, 1}, {32, 2}, {1024, 64}, {64, 4}};
    const struct wish wish = {NULL, "\"description\":\"x\""};
    struct lane *lane = lane_of(&wish, 1);
    struct record *head = lane_head(lane);
    assert_false(batch_is_divisible(head, FAULT_INVALID_REQUEST));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        head->shared_by = cases[i].size;
        assert_int_equal(batch_part(head), cases[i].part);
    }
    assert_true(batch_is_divisible(head, FAULT_INVALID_REQUEST));
    assert_true(batch_is_divisible(head, FAULT_UNKNOWN));
    assert_false(batch_is_divisible(head, FAULT_RESOURCE_NOT_FOUND));
    assert_false(batch_is_divisible(head, FAULT_ACCESS_DENIED));
    lane_free(lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_later_value_of_each_member_wins),
        cmocka_unit_test(the_trace_is_that_of_the_newest_that_has_one),
        cmocka_unit_test(what_arrives_later_is_no_part_of_the_call),
        cmocka_unit_test(where_a_batch_ends),
        cmocka_unit_test(no_more_than_may_share),
        cmocka_unit_test(no_more_bytes_than_one_command_may_have),
        cmocka_unit_test(what_is_split_and_into_how_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
