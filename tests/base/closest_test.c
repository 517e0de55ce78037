#include "base/closest.h"
#include "tests/check.h"

static const char *closest_of(const char *word)
{
    static const char *const names[] = {"run",   "check", "send",
                                        "watch", "jobs",  "a-name-of-more-than-thirty-two-bytes"};
    struct closest closest = closest_to(str_of(word));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        closest_try(&closest, names[i]);
    return closest.name;
}

static void the_nearest_name_wins(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"wacth", "watch"}, {"chekc", "check"},   {"sned", "send"}, {"sent", "send"},
        {"job", "jobs"},    {"watches", "watch"}, {"runn", "run"},  {"rnu", "run"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *name = closest_of(cases[i][0]);
        if (cases[i][1] == NULL)
            assert_null(name);
        else
            assert_string_equal(name, cases[i][1]);
    }
}

static void what_is_far_has_none(void **state)
{
    (void)state;
    static const char *const words[] = {"",  "x",  "dance", "a-name-of-more-than-thirty-two-byte",
                                        "r", "ja", "nur"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        assert_null(closest_of(words[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_name_wins),
        cmocka_unit_test(what_is_far_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
