#include "base/attr.h"
#include "base/list.h"
#include "tests/check.h"

struct item {
    char letter;
    struct list_node node;
};

/* Forwards by list_after, and backwards by prev, which must be the same. */
static void check_letters(const struct list *list, const char *letters)
{
    const struct list_node *last = &list->head;
    size_t n = 0;
    for (const struct list_node *node = list_first(list); node != NULL;
         node = list_after(list, node)) {
        assert_int_equal(list_entry(node, struct item, node)->letter, letters[n++]);
        assert_ptr_equal(node->prev, last);
        last = node;
    }
    assert_int_equal(n, strlen(letters));
    assert_ptr_equal(list->head.prev, last);
}

static void a_new_list_is_empty(void **state)
{
    (void)state;
    struct list list;
    list_init(&list);
    assert_true(list_is_empty(&list));
    assert_null(list_first(&list));
    check_letters(&list, "");
}

static void elements_go_to_either_end_or_before_another(void **state)
{
    (void)state;
    struct item items[] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}, {.letter = 'd'}};
    struct list list;
    list_init(&list);
    list_push_back(&list, &items[1].node);
    list_push_back(&list, &items[3].node);
    list_push_front(&list, &items[0].node);
    list_insert_before(&items[3].node, &items[2].node);
    assert_false(list_is_empty(&list));
    check_letters(&list, "abcd");
}

static void removal_leaves_the_others_in_order(void **state)
{
    (void)state;
    struct item items[] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}};
    struct list list;
    list_init(&list);
    for (size_t i = 0; i < COUNT_OF(items); i++)
        list_push_back(&list, &items[i].node);
    list_remove(&items[1].node);
    check_letters(&list, "ac");
    list_remove(&items[0].node);
    check_letters(&list, "c");
    list_remove(&items[2].node);
    assert_true(list_is_empty(&list));
    list_push_back(&list, &items[1].node);
    check_letters(&list, "b");
}

static void a_node_knows_whether_it_is_in_a_list(void **state)
{
    (void)state;
    struct item item = {.letter = 'a'};
    struct list list;
    list_init(&list);
    assert_false(list_has_node(&item.node));
    list_push_back(&list, &item.node);
    assert_true(list_has_node(&item.node));
    list_remove(&item.node);
    assert_false(list_has_node(&item.node));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty),
        cmocka_unit_test(elements_go_to_either_end_or_before_another),
        cmocka_unit_test(removal_leaves_the_others_in_order),
        cmocka_unit_test(a_node_knows_whether_it_is_in_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
