#include "tests/check.h"
#include "tests/topics/vectors.h"
#include "topics/level.h"

#define FOLDER VECTORS_DIR "/topics"

static void check_name(const struct vector *v)
{
    struct why why = {0};
    enum err err = level_check_name(v->columns[0], &why);
    if (err != (v->is_accept ? ERR_NONE : ERR_INVALID))
        vectors_fail(v, "got %s: %s", err_name(err), why.text);
    vectors_check_why(v, &why, 1);
}

static void topic_names_follow_their_vectors(void **state)
{
    (void)state;
    assert_true(vectors_each(FOLDER, "name", check_name) > 20);
}

static void check_root(const struct vector *v)
{
    struct why why = {0};
    enum err err = level_check_root(v->columns[0], &why);
    if (err != (v->is_accept ? ERR_NONE : ERR_INVALID))
        vectors_fail(v, "got %s: %s", err_name(err), why.text);
    vectors_check_why(v, &why, 1);
}

static void roots_follow_their_vectors(void **state)
{
    (void)state;
    assert_true(vectors_each(FOLDER, "root", check_root) > 8);
}

static void an_absent_topic_is_no_name(void **state)
{
    (void)state;
    assert_int_equal(level_check_name(STR_NONE, NULL), ERR_INVALID);
}

static void split_keeps_empty_levels(void **state)
{
    (void)state;
    struct str levels[4];
    assert_int_equal(level_split(STR("/a//b"), levels, COUNT_OF(levels)), 4);
    check_str(levels[0], "");
    check_str(levels[1], "a");
    check_str(levels[2], "");
    check_str(levels[3], "b");
    assert_int_equal(level_split(STR(""), levels, COUNT_OF(levels)), 1);
    assert_int_equal(level_split(STR_NONE, levels, COUNT_OF(levels)), 0);
}

static void split_counts_what_it_cannot_store(void **state)
{
    (void)state;
    struct str levels[2] = {STR_NONE, STR("untouched")};
    assert_int_equal(level_split(STR("a/b/c"), levels, 1), 3);
    check_str(levels[0], "a");
    check_str(levels[1], "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topic_names_follow_their_vectors),
        cmocka_unit_test(roots_follow_their_vectors),
        cmocka_unit_test(an_absent_topic_is_no_name),
        cmocka_unit_test(split_keeps_empty_levels),
        cmocka_unit_test(split_counts_what_it_cannot_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
