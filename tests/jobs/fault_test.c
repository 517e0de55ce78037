#include "jobs/fault.h"
#include "jobs/reject.h"
#include "tests/jobs/cases.h"

static void check_type(struct str type, struct doc_node row)
{
    enum fault fault = fault_parse(type);
    if (!str_eq_text(doc_str(doc_member(row, "name")), fault_name(fault)))
        fail_msg("'%.*s' is a %s", STR_ARG(type), fault_name(fault));
    assert_int_equal(fault_http_status(fault), doc_int(doc_member(row, "status")));
    check_str(doc_str(doc_member(row, "class")), fault_class_name(fault_class_of(fault)));
    check_str(doc_str(doc_member(row, "reject")), reject_name(reject_of_fault(fault)));
}

static void types_follow_their_vectors(void **state)
{
    (void)state;
    struct doc *doc = cases_load("fault/types.json");
    struct doc_node rows = doc_root(doc);
    /* Every fault but FAULT_OK and FAULT_TRANSPORT, which have no type. */
    assert_int_equal(doc_count(rows), FAULT_COUNT - 2);
    for (size_t i = 0; i < doc_count(rows); i++) {
        struct doc_node types = doc_member(doc_item(rows, i), "types");
        assert_true(doc_count(types) > 0);
        for (size_t j = 0; j < doc_count(types); j++)
            check_type(doc_str(doc_item(types, j)), doc_item(rows, i));
    }
    doc_free(doc);
}

static void statuses_follow_their_vectors(void **state)
{
    (void)state;
    struct doc *doc = cases_load("fault/statuses.json");
    struct doc_node rows = doc_root(doc);
    assert_int_equal(doc_count(rows), 4);
    for (size_t i = 0; i < doc_count(rows); i++) {
        struct str class = doc_str(doc_member(doc_item(rows, i), "class"));
        struct doc_node statuses = doc_member(doc_item(rows, i), "statuses");
        for (size_t j = 0; j < doc_count(statuses); j++) {
            int status = (int)doc_int(doc_item(statuses, j));
            check_str(class, fault_class_name(fault_class_of_status(status)));
        }
    }
    doc_free(doc);
}

static void what_has_no_type_is_classified_too(void **state)
{
    (void)state;
    assert_int_equal(fault_parse(STR_NONE), FAULT_UNKNOWN);
    assert_int_equal(fault_class_of(FAULT_OK), FAULT_NONE);
    assert_int_equal(fault_http_status(FAULT_OK), 200);
    assert_int_equal(fault_class_of(FAULT_TRANSPORT), FAULT_TRANSIENT);
    assert_string_equal(fault_name(FAULT_TRANSPORT), "Transport");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_follow_their_vectors),
        cmocka_unit_test(statuses_follow_their_vectors),
        cmocka_unit_test(what_has_no_type_is_classified_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
