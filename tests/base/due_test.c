#include "base/due.h"
#include "tests/check.h"

#include <stdlib.h>

struct timer {
    int number;
    struct due_node node;
};

static void an_empty_heap_is_never_due(void **state)
{
    (void)state;
    struct due due;
    due_init(&due);
    assert_true(due_next_ms(&due) == DUE_NEVER);
    assert_null(due_take(&due, INT64_MAX));
    due_fini(&due);
    due_fini(&due);
}

static void only_what_is_due_is_taken(void **state)
{
    (void)state;
    struct due due;
    struct timer timer = {.number = 7};
    due_init(&due);
    assert_int_equal(due_set(&due, &timer.node, 100), ERR_NONE);
    assert_true(due_next_ms(&due) == 100);
    assert_null(due_take(&due, 99));
    struct due_node *taken = due_take(&due, 100);
    assert_int_equal(due_entry(taken, struct timer, node)->number, 7);
    assert_int_equal(timer.node.place, 0);
    assert_null(due_take(&due, 100));
    due_fini(&due);
}

static void setting_again_moves_both_ways(void **state)
{
    (void)state;
    struct due due;
    struct due_node a = {0};
    struct due_node b = {0};
    due_init(&due);
    assert_int_equal(due_set(&due, &a, 10), ERR_NONE);
    assert_int_equal(due_set(&due, &b, 20), ERR_NONE);
    assert_int_equal(due_set(&due, &a, 30), ERR_NONE);
    assert_int_equal(due.count, 2);
    assert_true(due_next_ms(&due) == 20);
    assert_int_equal(due_set(&due, &a, -5), ERR_NONE);
    assert_ptr_equal(due_take(&due, 30), &a);
    assert_ptr_equal(due_take(&due, 30), &b);
    due_fini(&due);
}

static void a_cancelled_node_can_be_cancelled_and_set_again(void **state)
{
    (void)state;
    struct due due;
    struct due_node a = {0};
    due_init(&due);
    due_cancel(&due, &a);
    assert_int_equal(due_set(&due, &a, 1), ERR_NONE);
    due_cancel(&due, &a);
    due_cancel(&due, &a);
    assert_true(due_next_ms(&due) == DUE_NEVER);
    assert_int_equal(due_set(&due, &a, 2), ERR_NONE);
    assert_true(due_next_ms(&due) == 2);
    due_fini(&due);
}

static void check_heap(const struct due *due)
{
    for (size_t i = 0; i < due->count; i++) {
        assert_int_equal(due->nodes[i]->place, i + 1);
        if (i > 0)
            assert_true(due->nodes[(i - 1) / 2]->at_ms <= due->nodes[i]->at_ms);
    }
}

/* A fixed pseudo-random walk (a linear congruential generator), the heap checked as it goes. */
static void any_mix_of_changes_keeps_the_order(void **state)
{
    (void)state;
    enum { NODES = 300, STEPS = 20000 };
    struct due_node *nodes = calloc(NODES, sizeof *nodes);
    assert_non_null(nodes);
    struct due due;
    due_init(&due);
    uint32_t seed = 1;
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1664525 + 1013904223;
        struct due_node *node = &nodes[seed >> 8 & 0xff];
        if (seed >> 30 == 0)
            due_cancel(&due, node);
        else
            assert_int_equal(due_set(&due, node, seed >> 16 & 0xfff), ERR_NONE);
        if (step % 100 == 0)
            check_heap(&due);
    }
    size_t left = due.count;
    assert_true(left > 100);
    int64_t last = INT64_MIN;
    for (struct due_node *node = due_take(&due, INT64_MAX); node != NULL;
         node = due_take(&due, INT64_MAX)) {
        assert_true(node->at_ms >= last);
        last = node->at_ms;
        left--;
    }
    assert_int_equal(left, 0);
    due_fini(&due);
    free(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_is_never_due),
        cmocka_unit_test(only_what_is_due_is_taken),
        cmocka_unit_test(setting_again_moves_both_ways),
        cmocka_unit_test(a_cancelled_node_can_be_cancelled_and_set_again),
        cmocka_unit_test(any_mix_of_changes_keeps_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
