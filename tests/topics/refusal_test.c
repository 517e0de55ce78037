#include "base/utf8.h"
#include "tests/check.h"
#include "topics/refusal.h"

static void a_refusal_speaks_the_words_of_aws(void **state)
{
    (void)state;
    struct why why;
    enum err err = refusal_set(&why, "jobId", STR("a b"), "Member must have %s %d", "length", 64);
    assert_int_equal(err, ERR_INVALID);
    assert_string_equal(why.field, "jobId");
    assert_string_equal(why.text, "1 validation error detected: Value 'a b' at 'jobId' failed to "
                                  "satisfy constraint: Member must have length 64");
}

static void a_value_is_shown_whole_up_to_the_maximum(void **state)
{
    (void)state;
    struct why why;
    char value[REFUSAL_VALUE_MAX + 1];
    memset(value, 'v', sizeof value);
    refusal_set(&why, "x", (struct str){value, REFUSAL_VALUE_MAX}, "c");
    check_has(why.text, "v' at 'x'");
    refusal_set(&why, "x", (struct str){value, REFUSAL_VALUE_MAX + 1}, "c");
    check_has(why.text, "v...' at 'x'");
}

/* Two-byte characters all the way: one of them straddles the maximum. */
static void a_value_is_cut_between_characters(void **state)
{
    (void)state;
    struct why why;
    char value[REFUSAL_VALUE_MAX + 2] = "v";
    for (size_t i = 1; i + 1 < sizeof value; i += 2)
        memcpy(value + i, "\xc3\xa4", 2);
    refusal_set(&why, "x", (struct str){value, REFUSAL_VALUE_MAX + 1}, "c");
    check_has(why.text, "\xc3\xa4...' at 'x'");
    assert_null(strchr(why.text, '?'));
    assert_true(utf8_is_valid(str_of(why.text)));
}

/* A stray run of continuation bytes has no place to cut. */
static void a_value_of_broken_utf8_is_shown_as_valid_text(void **state)
{
    (void)state;
    struct why why;
    char value[2 * REFUSAL_VALUE_MAX];
    memset(value, '\xbf', sizeof value);
    refusal_set(&why, "x", (struct str){value, sizeof value}, "c");
    check_has(why.text, "Value '...' at 'x'");
    refusal_set(&why, "x", STR("\xff\0\n\x1b[2J"), "c");
    check_has(why.text, "Value '????[2J' at 'x'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_speaks_the_words_of_aws),
        cmocka_unit_test(a_value_is_shown_whole_up_to_the_maximum),
        cmocka_unit_test(a_value_is_cut_between_characters),
        cmocka_unit_test(a_value_of_broken_utf8_is_shown_as_valid_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
