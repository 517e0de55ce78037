#include "bridge/followers.h"
#include "tests/bridge/sample.h"
#include "tests/check.h"

static void each_follows_its_own_leader_in_order(void **state)
{
    (void)state;
    struct followers followers;
    followers_init(&followers);
    struct record *first = sample_record("a");
    struct record *other = sample_record("b");
    struct record *second = sample_record("a");
    followers_add(&followers, first, 7);
    followers_add(&followers, other, 8);
    followers_add(&followers, second, 7);
    assert_int_equal(followers.count, 3);
    assert_null(followers_take(&followers, 9));
    assert_ptr_equal(followers_take(&followers, 7), first);
    assert_ptr_equal(followers_take(&followers, 7), second);
    assert_null(followers_take(&followers, 7));
    assert_int_equal(followers.count, 1);
    record_free(first);
    record_free(second);
    followers_fini(&followers); /* frees the other: the leak checker has the last word */
    assert_int_equal(followers.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_follows_its_own_leader_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
