#include "bridge/spoken.h"
#include "tests/check.h"

#include <stdio.h>

static void what_was_said_is_known(void **state)
{
    struct spoken *spoken = spoken_new();
    (void)state;
    assert_non_null(spoken);
    spoken_note(spoken, STR("a/b"), STR("text"));
    assert_true(spoken_is_one(spoken, STR("a/b"), STR("text")));
    assert_false(spoken_is_one(spoken, STR("a/b"), STR("other")));
    assert_false(spoken_is_one(spoken, STR("a/c"), STR("text")));
    assert_false(spoken_is_one(spoken, STR("a/"), STR("btext")));
    spoken_free(spoken);
}

static void it_remembers_the_newest(void **state)
{
    struct spoken *spoken = spoken_new();
    char text[32];
    int known = 0;
    (void)state;
    assert_non_null(spoken);
    for (int i = 0; i < 3 * LIMITS_SPOKEN; i++) {
        snprintf(text, sizeof text, "%d", i);
        spoken_note(spoken, STR("t"), str_of(text));
        assert_true(spoken_is_one(spoken, STR("t"), str_of(text)));
    }
    for (int i = 3 * LIMITS_SPOKEN - 1000; i < 3 * LIMITS_SPOKEN; i++) {
        snprintf(text, sizeof text, "%d", i);
        known += spoken_is_one(spoken, STR("t"), str_of(text));
    }
    assert_true(known > 900);
    spoken_free(spoken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_said_is_known),
        cmocka_unit_test(it_remembers_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
