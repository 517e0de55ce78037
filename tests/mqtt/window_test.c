#include "mqtt/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>

static void add(struct window *window, int packet_id, uint64_t post_id)
{
    window_add(window, post_id, false);
    assert_false(window_last_has_name(window));
    window_name_last(window, packet_id);
    assert_true(window_last_has_name(window));
}

static void test_room(void **state)
{
    (void)state;
    struct window window;
    window_clear(&window, 0);
    assert_int_equal(window_room(&window), 0);
    window_clear(&window, 65535);
    assert_int_equal(window_room(&window), LIMITS_PUBLISH_WINDOW);
    window_clear(&window, 2);
    add(&window, 1, 10);
    assert_int_equal(window_room(&window), 1);
    window_add(&window, 11, true);
    assert_int_equal(window_room(&window), 0);
    window_drop_last(&window);
    assert_int_equal(window_room(&window), 1);
}

static void test_take_in_any_order(void **state)
{
    (void)state;
    struct window window;
    struct window_slot slot;
    window_clear(&window, 10);
    for (int i = 1; i <= 4; i++)
        add(&window, i, 100 + (uint64_t)i);
    assert_true(window_take(&window, 3, &slot));
    assert_int_equal(slot.post_id, 103);
    assert_false(window_take(&window, 3, &slot));
    assert_true(window_take(&window, 1, &slot));
    assert_int_equal(slot.post_id, 101);
    assert_true(window_take(&window, 4, &slot) && slot.post_id == 104);
    assert_true(window_take(&window, 2, &slot) && slot.post_id == 102);
    assert_int_equal(window.count, 0);
}

/* Some always on their way, so that the slots go round several times. */
static void test_goes_round(void **state)
{
    (void)state;
    struct window window;
    struct window_slot slot;
    window_clear(&window, LIMITS_PUBLISH_WINDOW);
    int next = 1;
    while (window_room(&window) > 0)
        add(&window, next++, 0);
    for (int oldest = 1; oldest < 3 * LIMITS_PUBLISH_WINDOW; oldest += 2) {
        assert_true(window_take(&window, oldest + 1, &slot));
        assert_int_equal(slot.packet_id, oldest + 1);
        assert_true(window_take(&window, oldest, &slot));
        assert_int_equal(slot.packet_id, oldest);
        assert_false(window_take(&window, oldest, &slot));
        add(&window, next++, 0);
        add(&window, next++, 0);
        assert_int_equal(window_room(&window), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_take_in_any_order),
        cmocka_unit_test(test_goes_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
