#include "jobs/field.h"
#include "jobs/model.h"
#include "tests/check.h"

#include <math.h>
#include <stdio.h>

static bool is_number_in_model(const struct shape_row *row)
{
    return row->kind == SHAPE_INTEGER || row->kind == SHAPE_LONG || row->kind == SHAPE_DOUBLE;
}

/* Counts the members of the model, each of which must be in the table. */
static unsigned check_shape(const struct shape *shape, const char *prefix)
{
    unsigned count = 0;
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_row *row = &shape->rows[i];
        char path[256];
        enum field field;
        snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", row->name);
        if (!field_find(str_of(path), &field))
            fail_msg("%s is not in the table", path);
        assert_string_equal(field_path(field), path);
        assert_ptr_equal(field_shape(field), row);
        assert_int_equal(field_is_number(field), is_number_in_model(row));
        assert_int_equal(strncmp(path, update_member_name(field_member(field)),
                                 strlen(update_member_name(field_member(field)))),
                         0);
        const struct shape_row *inner = row->kind == SHAPE_LIST ? row->item : row;
        count += 1 + (inner->kind == SHAPE_STRUCTURE ? check_shape(inner->shape, path) : 0);
    }
    return count;
}

static void the_table_is_the_model(void **state)
{
    (void)state;
    assert_int_equal(check_shape(&model_update_job, ""), FIELD_COUNT);
    enum field field;
    assert_false(field_find(STR("jobExecutionsRolloutConfig.maximum"), &field));
    assert_false(field_find(STR(""), &field));
}

static void every_slot_belongs_to_one_number(void **state)
{
    (void)state;
    unsigned next = 0;
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        if (!field_is_number(field))
            continue;
        assert_int_equal(field_slot(field), next);
        for (unsigned i = 0; i < field_slot_count(field); i++)
            assert_int_equal(field_of_slot(next + i), field);
        assert_int_equal(field_slot_count(field), field_is_by_failure_type(field) ? 4 : 1);
        next += field_slot_count(field);
    }
    assert_int_equal(next, FIELD_SLOT_COUNT);
}

static void a_tree_holds_what_is_inside(void **state)
{
    (void)state;
    assert_int_equal(field_tree(FIELD_DESCRIPTION), FIELD_BIT(FIELD_DESCRIPTION));
    assert_int_equal(field_tree(FIELD_ROLLOUT_INCREASE), FIELD_BIT(FIELD_ROLLOUT_INCREASE) |
                                                             FIELD_BIT(FIELD_ROLLOUT_NOTIFIED) |
                                                             FIELD_BIT(FIELD_ROLLOUT_SUCCEEDED));
    uint32_t all = 0;
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        if (field_parent(field) == FIELD_COUNT) {
            assert_int_equal(all & field_tree(field), 0);
            all |= field_tree(field);
        }
    }
    assert_int_equal(all, FIELD_ALL);
}

static struct field_values read(const char *json)
{
    struct doc *doc;
    struct why why;
    struct field_values values;
    if (doc_parse(str_of(json), 4096, &doc, &why) != ERR_NONE)
        fail_msg("%s", why.text);
    field_read(doc_root(doc), &values);
    struct update update;
    struct field_values again;
    assert_int_equal(update_take(doc_root(doc), &update, &why), ERR_NONE);
    assert_int_equal(field_read_update(&update, UINT32_MAX, &again), ERR_NONE);
    assert_memory_equal(&values, &again, sizeof values);
    assert_int_equal(field_read_update(&update, 0, &again), ERR_NONE);
    assert_int_equal(again.members, 0);
    update_free(&update);
    doc_free(doc);
    return values;
}

static void what_is_not_there_has_its_unset_value(void **state)
{
    (void)state;
    struct field_values values = read("{\"clientToken\":\"t\"}");
    assert_int_equal(values.set, 0);
    assert_int_equal(values.members, 0);
    assert_int_equal(values.given, 0);
    assert_true(isinf(values.slot[field_slot(FIELD_ROLLOUT_MAXIMUM)]));
    assert_true(values.slot[field_slot(FIELD_PRESIGNED_EXPIRES)] == 3600);
    assert_true(values.slot[field_slot(FIELD_RETRY_NUMBER) + 3] == 0);
    assert_true(isinf(field_unset(FIELD_TIMEOUT_MINUTES)));
}

static void numbers_are_read_at_every_depth(void **state)
{
    (void)state;
    struct field_values values =
        read("{\"jobExecutionsRolloutConfig\":{\"maximumPerMinute\":50,\"exponentialRate\":{"
             "\"baseRatePerMinute\":5,\"incrementFactor\":1.5,\"rateIncreaseCriteria\":{"
             "\"numberOfNotifiedThings\":7}}},\"description\":\"x\"}");
    assert_int_equal(values.members,
                     1 << UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG | 1 << UPDATE_DESCRIPTION);
    assert_int_equal(values.set, FIELD_BIT(FIELD_DESCRIPTION) | FIELD_BIT(FIELD_ROLLOUT_MAXIMUM) |
                                     FIELD_BIT(FIELD_ROLLOUT_BASE) |
                                     FIELD_BIT(FIELD_ROLLOUT_INCREMENT) |
                                     FIELD_BIT(FIELD_ROLLOUT_NOTIFIED));
    assert_true(values.slot[field_slot(FIELD_ROLLOUT_MAXIMUM)] == 50);
    assert_true(values.slot[field_slot(FIELD_ROLLOUT_INCREMENT)] == 1.5);
    assert_true(values.slot[field_slot(FIELD_ROLLOUT_NOTIFIED)] == 7);
    assert_true(isinf(values.slot[field_slot(FIELD_ROLLOUT_SUCCEEDED)]));
    assert_int_equal(__builtin_popcount(values.given), 4);
}

static void an_empty_structure_is_set_itself(void **state)
{
    (void)state;
    struct field_values values = read("{\"jobExecutionsRolloutConfig\":{}}");
    assert_int_equal(values.set, FIELD_BIT(FIELD_ROLLOUT));
    assert_int_equal(values.members, 1 << UPDATE_JOB_EXECUTIONS_ROLLOUT_CONFIG);
}

static void criteria_have_a_slot_for_each_failure_type(void **state)
{
    (void)state;
    struct field_values values =
        read("{\"abortConfig\":{\"criteriaList\":["
             "{\"failureType\":\"TIMED_OUT\",\"action\":\"CANCEL\",\"thresholdPercentage\":20.5,"
             "\"minNumberOfExecutedThings\":3},"
             "{\"failureType\":\"ALL\",\"action\":\"CANCEL\",\"thresholdPercentage\":30,"
             "\"minNumberOfExecutedThings\":4},"
             "{\"failureType\":\"ALL\",\"action\":\"CANCEL\",\"thresholdPercentage\":10,"
             "\"minNumberOfExecutedThings\":5}]}}");
    unsigned threshold = field_slot(FIELD_ABORT_THRESHOLD);
    assert_string_equal(field_failure_type(0), "FAILED");
    assert_string_equal(field_failure_type(2), "TIMED_OUT");
    assert_string_equal(field_failure_type(3), "ALL");
    assert_true(isinf(values.slot[threshold]));
    assert_true(values.slot[threshold + 2] == 20.5);
    assert_true(values.slot[threshold + 3] == 10);
    assert_int_equal(values.given >> threshold & 15, 12);
    assert_int_equal(values.given_more >> threshold & 15, 8);
    assert_int_equal(values.set,
                     field_tree(FIELD_ABORT_CRITERIA) & ~FIELD_BIT(FIELD_ABORT_CRITERIA));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_the_model),
        cmocka_unit_test(every_slot_belongs_to_one_number),
        cmocka_unit_test(a_tree_holds_what_is_inside),
        cmocka_unit_test(what_is_not_there_has_its_unset_value),
        cmocka_unit_test(numbers_are_read_at_every_depth),
        cmocka_unit_test(an_empty_structure_is_set_itself),
        cmocka_unit_test(criteria_have_a_slot_for_each_failure_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
