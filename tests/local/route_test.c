#include "local/route.h"
#include "tests/check.h"

/* Each row, asked for by its own template, is found, and no other row before it. */
static void every_row_is_reached(void **state)
{
    (void)state;
    assert_int_equal(route_count, 12);
    for (size_t i = 0; i < route_count; i++) {
        struct route_match match;
        assert_true(route_find(str_of(route_table[i].method), str_of(route_table[i].path), &match));
        assert_ptr_equal(match.route, &route_table[i]);
    }
}

static void the_parts_go_to_their_names(void **state)
{
    (void)state;
    struct route_match match;
    assert_true(route_find(STR("DELETE"), STR("/things/a%3Ab/jobs/j/executionNumber/7"), &match));
    assert_string_equal(match.route->operation, "DeleteJobExecution");
    check_str(match.thing, "a%3Ab");
    check_str(match.job, "j");
    check_str(match.number, "7");
    assert_true(route_find(STR("GET"), STR("/jobs"), &match));
    check_str(match.thing, NULL);
    check_str(match.job, NULL);
    check_str(match.number, NULL);
}

static void what_changes_anything_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++)
        assert_int_equal(route_table[i].access == STORE_READ,
                         strcmp(route_table[i].method, "GET") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_reached),
        cmocka_unit_test(the_parts_go_to_their_names),
        cmocka_unit_test(what_changes_anything_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
