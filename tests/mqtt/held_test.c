#include "mqtt/held.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>

static void test_order_of_arrival(void **state)
{
    (void)state;
    struct held held;
    held_init(&held);
    uint16_t id = 0;
    assert_false(held_take(&held, &id));
    for (uint16_t i = 1; i <= 3; i++)
        assert_int_equal(held_add(&held, i), ERR_NONE);
    assert_true(held_release(&held, 3));
    assert_false(held_take(&held, &id));
    assert_true(held_release(&held, 1));
    assert_true(held_take(&held, &id));
    assert_int_equal(id, 1);
    assert_false(held_take(&held, &id));
    assert_false(held_release(&held, 1));
    assert_false(held_release(&held, 99));
    assert_true(held_release(&held, 2));
    assert_true(held_take(&held, &id) && id == 2);
    assert_true(held_take(&held, &id) && id == 3);
    assert_false(held_take(&held, &id));
    assert_int_equal(held.total, 3);
    held_fini(&held);
}

/* Some brokers send an unacknowledged message again on the same connection. */
static void test_same_id_twice(void **state)
{
    (void)state;
    struct held held;
    held_init(&held);
    uint16_t id = 0;
    assert_int_equal(held_add(&held, 5), ERR_NONE);
    assert_int_equal(held_add(&held, 5), ERR_NONE);
    assert_true(held_release(&held, 5));
    assert_true(held_take(&held, &id));
    assert_false(held_take(&held, &id));
    assert_true(held_release(&held, 5));
    assert_true(held_take(&held, &id));
    held_fini(&held);
}

/* The ring grows while its first element is somewhere in the middle. */
static void test_growth_and_maximum(void **state)
{
    (void)state;
    struct held held;
    held_init(&held);
    uint16_t id = 0;
    for (uint16_t i = 0; i < 40; i++)
        assert_int_equal(held_add(&held, i), ERR_NONE);
    for (uint16_t i = 0; i < 30; i++)
        assert_true(held_release(&held, i) && held_take(&held, &id) && id == i);
    for (int i = 40; i < 30 + HELD_MAX; i++)
        assert_int_equal(held_add(&held, (uint16_t)i), ERR_NONE);
    assert_int_equal(held_add(&held, 1), ERR_FULL);
    for (int i = 30; i < 30 + HELD_MAX; i++) {
        assert_true(held_release(&held, (uint16_t)i));
        assert_true(held_take(&held, &id));
        assert_int_equal(id, (uint16_t)i);
    }
    held_clear(&held);
    assert_int_equal(held.total, 0);
    held_fini(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_arrival),
        cmocka_unit_test(test_same_id_twice),
        cmocka_unit_test(test_growth_and_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
