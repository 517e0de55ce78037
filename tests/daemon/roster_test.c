#include "daemon/roster.h"
#include "tests/check.h"

#include <stdio.h>

static struct roster roster;

static int set_up(void **state)
{
    (void)state;
    roster_init(&roster);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    roster_fini(&roster);
    return 0;
}

static void count(const char *name, uint8_t code, int64_t latency_ms)
{
    const struct news_item item = {.code = code, .latency_ms = latency_ms};
    roster_count(&roster, name, &item);
}

static const struct roster_row *row_of(const char *name)
{
    struct map_node *node = map_find(&roster.map, str_of(name));
    return node != NULL ? map_entry(node, struct roster_row, map_node) : NULL;
}

static void commands_are_counted_by_name(void **state)
{
    (void)state;
    count("a", 0, 3);
    count("b", 0, 1);
    count("a", 4, 9);
    count("a", 0, 1);
    const struct roster_row *row = row_of("a");
    assert_non_null(row);
    assert_int_equal(row->accepted, 2);
    assert_int_equal(row->rejected, 1);
    assert_int_equal(row->latency_max_ms, 9);
    assert_int_equal(row->latency.total, 3);
    assert_int_equal(row->last_code, 0);
    assert_int_equal(row_of("b")->accepted, 1);
    assert_int_equal(roster.map.count, 2);
}

static void no_name_counts_nowhere(void **state)
{
    (void)state;
    count("", 0, 1);
    assert_int_equal(roster.map.count, 0);
}

static void the_latest_is_first(void **state)
{
    (void)state;
    count("a", 0, 0);
    count("b", 0, 0);
    count("c", 0, 0);
    count("a", 0, 0);
    static const char *const wanted[] = {"a", "c", "b"};
    size_t at = 0;
    for (const struct roster_row *row = roster_first(&roster); row != NULL;
         row = roster_after(&roster, row))
        assert_string_equal(row->name, wanted[at++]);
    assert_int_equal(at, 3);
}

static void the_one_seen_longest_ago_goes(void **state)
{
    (void)state;
    char name[32];
    for (unsigned i = 0; i < LIMITS_ROSTER; i++) {
        snprintf(name, sizeof name, "job-%u", i);
        count(name, 0, 0);
    }
    count("job-0", 0, 0);
    assert_int_equal(roster.forgotten, 0);
    count("new", 0, 0);
    assert_int_equal(roster.map.count, LIMITS_ROSTER);
    assert_int_equal(roster.forgotten, 1);
    assert_null(row_of("job-1"));
    assert_int_equal(row_of("job-0")->accepted, 2);
    assert_non_null(row_of("new"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_are_counted_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_name_counts_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_latest_is_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_one_seen_longest_ago_goes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
