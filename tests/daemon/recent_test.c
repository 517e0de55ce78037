#include "daemon/recent.h"
#include "tests/check.h"

static struct recent recent;

static int set_up(void **state)
{
    (void)state;
    recent = (struct recent){0};
    return 0;
}

static void add(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct news_item item = {.attempts = (uint32_t)recent.last + 1};
        recent_add(&recent, &item);
    }
}

static void walks_what_is_kept(void **state)
{
    (void)state;
    assert_int_equal(recent_next(&recent, 0), 0);
    add(3);
    uint64_t number = 0;
    for (unsigned i = 1; i <= 3; i++) {
        number = recent_next(&recent, number);
        assert_int_equal(number, i);
        assert_int_equal(recent_item(&recent, number)->attempts, i);
    }
    assert_int_equal(recent_next(&recent, number), 0);
    assert_int_equal(recent_next(&recent, 1000), 0);
}

static void keeps_the_last(void **state)
{
    (void)state;
    add(LIMITS_RECENT + 50);
    assert_int_equal(recent_next(&recent, 0), 51);
    assert_int_equal(recent_next(&recent, 50), 51);
    assert_int_equal(recent_next(&recent, 51), 52);
    assert_int_equal(recent_item(&recent, 51)->attempts, 51);
    assert_int_equal(recent_item(&recent, LIMITS_RECENT + 50)->attempts, LIMITS_RECENT + 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(walks_what_is_kept, set_up),
        cmocka_unit_test_setup(keeps_the_last, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
