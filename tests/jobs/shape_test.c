#include "jobs/model.h"
#include "jobs/shape.h"
#include "tests/jobs/cases.h"

static struct doc *parse(struct str json)
{
    struct doc *doc;
    struct why why;
    if (doc_parse(json, json.n, &doc, &why) != ERR_NONE)
        fail_msg("%s", why.text);
    return doc;
}

static bool is_valid(const struct shape *shape, struct str json, struct why *why)
{
    struct doc *doc = parse(json);
    enum err err = shape_check(shape, doc_root(doc), why);
    doc_free(doc);
    assert_true(err == ERR_NONE || err == ERR_INVALID);
    return err == ERR_NONE;
}

static bool is_create_job(struct str json, struct why *why)
{
    return is_valid(&model_create_job, json, why);
}

static bool is_cancel_job(struct str json, struct why *why)
{
    return is_valid(&model_cancel_job, json, why);
}

static bool is_cancel_job_execution(struct str json, struct why *why)
{
    return is_valid(&model_cancel_job_execution, json, why);
}

static void bodies_follow_their_vectors(void **state)
{
    (void)state;
    cases_judge("create-job", 13, is_create_job);
    cases_judge("cancel-job", 3, is_cancel_job);
    cases_judge("cancel-job-execution", 2, is_cancel_job_execution);
}

static void only_the_strict_check_minds_unknown_members(void **state)
{
    (void)state;
    struct why why;
    struct doc *doc = parse(STR("{\"description\":\"x\",\"other\":1}"));
    assert_int_equal(shape_check(&model_update_job, doc_root(doc), &why), ERR_INVALID);
    assert_string_equal(why.field, "other");
    assert_int_equal(shape_check_known(&model_update_job, doc_root(doc), &why), ERR_NONE);
    doc_free(doc);
}

static void nested_members_are_always_minded(void **state)
{
    (void)state;
    struct why why;
    struct doc *doc = parse(STR("{\"timeoutConfig\":{\"other\":1}}"));
    assert_int_equal(shape_check_known(&model_update_job, doc_root(doc), &why), ERR_INVALID);
    assert_string_equal(why.field, "timeoutConfig.other");
    doc_free(doc);
}

static void an_empty_update_is_a_fine_update_job(void **state)
{
    (void)state;
    assert_true(is_valid(&model_update_job, STR("{}"), NULL));
}

static void nobody_needs_to_know_why(void **state)
{
    (void)state;
    assert_false(is_valid(&model_create_job, STR("{\"targets\":[{}]}"), NULL));
    assert_int_equal(shape_check_known(&model_update_job, (struct doc_node){NULL}, NULL),
                     ERR_INVALID);
}

static void rows_are_found_in_the_base_as_well(void **state)
{
    (void)state;
    assert_string_equal(shape_find(&model_create_job, STR("targets"))->name, "targets");
    assert_int_equal(shape_find(&model_create_job, STR("description"))->kind, SHAPE_STRING);
    assert_null(shape_find(&model_update_job, STR("targets")));
    assert_null(shape_find(&model_update_job, STR("")));
}

static void integers_have_32_bits_and_longs_64(void **state)
{
    (void)state;
    static const struct shape_row rows[] = {
        {.name = "i", .kind = SHAPE_INTEGER},
        {.name = "l", .kind = SHAPE_LONG},
    };
    static const struct shape shape = {SHAPE_OF(rows)};
    struct why why;
    assert_true(is_valid(&shape, STR("{\"i\":-2147483648,\"l\":-9223372036854775808}"), &why));
    assert_true(is_valid(&shape, STR("{\"i\":2147483647,\"l\":9223372036854775807}"), &why));
    assert_false(is_valid(&shape, STR("{\"i\":-2147483649}"), &why));
    check_has(why.text, "Member must have value greater than or equal to -2147483648");
    assert_false(is_valid(&shape, STR("{\"i\":2147483648}"), &why));
    check_has(why.text, "Member must have value less than or equal to 2147483647");
}

static void decimals_are_counted_at_any_size(void **state)
{
    (void)state;
    static const struct shape_row rows[] = {
        {.name = "d", .kind = SHAPE_DOUBLE, .decimals = {true, 0}},
    };
    static const struct shape shape = {SHAPE_OF(rows)};
    struct why why;
    assert_true(is_valid(&shape, STR("{\"d\":-1.7976931348623157e308}"), &why));
    assert_true(is_valid(&shape, STR("{\"d\":3.0}"), &why));
    assert_false(is_valid(&shape, STR("{\"d\":0.5}"), &why));
    check_has(why.text, "Member must have at most 0 digits after the decimal point");
    assert_false(is_valid(&shape, STR("{\"d\":5e-324}"), &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_follow_their_vectors),
        cmocka_unit_test(only_the_strict_check_minds_unknown_members),
        cmocka_unit_test(nested_members_are_always_minded),
        cmocka_unit_test(an_empty_update_is_a_fine_update_job),
        cmocka_unit_test(nobody_needs_to_know_why),
        cmocka_unit_test(rows_are_found_in_the_base_as_well),
        cmocka_unit_test(integers_have_32_bits_and_longs_64),
        cmocka_unit_test(decimals_are_counted_at_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
