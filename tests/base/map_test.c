#include "base/map.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>

struct item {
    char key[16];
    int visits;
    struct map_node node;
};

#define ITEMS 5000

static struct item *make_items(struct map *map)
{
    struct item *items = calloc(ITEMS, sizeof *items);
    assert_non_null(items);
    for (int i = 0; i < ITEMS; i++) {
        snprintf(items[i].key, sizeof items[i].key, "key-%d", i);
        items[i].node.key = str_of(items[i].key);
        assert_int_equal(map_insert(map, &items[i].node), ERR_NONE);
    }
    return items;
}

static void an_empty_map_finds_nothing(void **state)
{
    (void)state;
    struct map map;
    map_init(&map);
    assert_null(map_find(&map, STR("a")));
    assert_null(map_find(&map, STR_NONE));
    map_fini(&map);
    map_fini(&map);
}

static void every_element_is_found_by_its_key_only(void **state)
{
    (void)state;
    struct map map;
    map_init(&map);
    struct item *items = make_items(&map);
    assert_int_equal(map.count, ITEMS);
    for (int i = 0; i < ITEMS; i++)
        assert_ptr_equal(map_find(&map, str_of(items[i].key)), &items[i].node);
    assert_null(map_find(&map, STR("key-5000")));
    assert_null(map_find(&map, STR("key-")));
    assert_null(map_find(&map, STR("")));
    map_fini(&map);
    free(items);
}

static void removed_elements_are_gone_and_others_stay(void **state)
{
    (void)state;
    struct map map;
    map_init(&map);
    struct item *items = make_items(&map);
    for (int i = 0; i < ITEMS; i += 2)
        map_remove(&map, &items[i].node);
    assert_int_equal(map.count, ITEMS / 2);
    for (int i = 0; i < ITEMS; i++) {
        struct map_node *expected = i % 2 == 0 ? NULL : &items[i].node;
        assert_ptr_equal(map_find(&map, str_of(items[i].key)), expected);
    }
    assert_int_equal(map_insert(&map, &items[0].node), ERR_NONE);
    assert_ptr_equal(map_find(&map, STR("key-0")), &items[0].node);
    map_fini(&map);
    free(items);
}

/* Lengths around the blocks of the hash, and keys that differ in one byte or in length alone. */
static void keys_of_any_length_and_bytes_differ(void **state)
{
    (void)state;
    static const char zeros[40];
    struct map map;
    struct map_node nodes[COUNT_OF(zeros)] = {0};
    map_init(&map);
    for (size_t n = 0; n < COUNT_OF(zeros); n++) {
        nodes[n].key = (struct str){zeros, n};
        assert_int_equal(map_insert(&map, &nodes[n]), ERR_NONE);
    }
    for (size_t n = 0; n < COUNT_OF(zeros); n++)
        assert_ptr_equal(map_find(&map, (struct str){zeros, n}), &nodes[n]);
    assert_null(map_find(&map, STR("\0\0\1")));
    map_fini(&map);
}

static void count_visit(void *context, struct map_node *node)
{
    map_entry(node, struct item, node)->visits++;
    ++*(int *)context;
}

static void each_visits_every_element_once(void **state)
{
    (void)state;
    struct map map;
    map_init(&map);
    struct item *items = make_items(&map);
    int visits = 0;
    map_each(&map, count_visit, &visits);
    assert_int_equal(visits, ITEMS);
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(items[i].visits, 1);
    map_fini(&map);
    free(items);
}

static void remove_visited(void *context, struct map_node *node)
{
    struct map *map = context;
    struct item *item = map_entry(node, struct item, node);
    map_remove(map, node);
    memset(item, 0xee, sizeof *item);
}

static void each_may_remove_the_element_it_is_given(void **state)
{
    (void)state;
    struct map map;
    map_init(&map);
    struct item *items = make_items(&map);
    map_each(&map, remove_visited, &map);
    assert_int_equal(map.count, 0);
    assert_null(map_find(&map, STR("key-1")));
    map_fini(&map);
    free(items);
}

static void two_maps_hash_differently(void **state)
{
    (void)state;
    struct map a;
    struct map b;
    struct map_node in_a = {.key = STR("same")};
    struct map_node in_b = {.key = STR("same")};
    map_init(&a);
    map_init(&b);
    assert_int_equal(map_insert(&a, &in_a), ERR_NONE);
    assert_int_equal(map_insert(&b, &in_b), ERR_NONE);
    assert_true(in_a.hash != in_b.hash);
    map_fini(&a);
    map_fini(&b);
}

/* No chain is long: 5000 keys that differ in their last digits over 8192 buckets. */
static void keys_spread_over_the_buckets(void **state)
{
    (void)state;
    struct map map;
    map_init(&map);
    struct item *items = make_items(&map);
    size_t longest = 0;
    for (size_t i = 0; i < map.bucket_count; i++) {
        size_t length = 0;
        for (struct map_node *node = map.buckets[i]; node != NULL; node = node->next)
            length++;
        longest = length > longest ? length : longest;
    }
    assert_true(map.bucket_count >= ITEMS);
    assert_in_range(longest, 1, 16);
    map_fini(&map);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_finds_nothing),
        cmocka_unit_test(every_element_is_found_by_its_key_only),
        cmocka_unit_test(removed_elements_are_gone_and_others_stay),
        cmocka_unit_test(keys_of_any_length_and_bytes_differ),
        cmocka_unit_test(each_visits_every_element_once),
        cmocka_unit_test(each_may_remove_the_element_it_is_given),
        cmocka_unit_test(two_maps_hash_differently),
        cmocka_unit_test(keys_spread_over_the_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
