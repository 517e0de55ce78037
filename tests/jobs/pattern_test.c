#include "jobs/pattern.h"
#include "tests/check.h"

/* Which single ASCII characters match, as the characters themselves. */
static void check_ascii(const struct pattern *pattern, const char *members)
{
    for (int c = 1; c < 0x80; c++) {
        char text[] = {(char)c, '\0'};
        if (pattern->matches(str_of(text)) != (strchr(members, c) != NULL))
            fail_msg("%s and 0x%02x", pattern->text, (unsigned)c);
    }
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void ascii_characters_match_as_the_patterns_say(void **state)
{
    (void)state;
    check_ascii(&pattern_id, LETTERS "0123456789_-");
    check_ascii(&pattern_thing_name, LETTERS "0123456789_-:");
    check_ascii(&pattern_reason_code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    check_ascii(&pattern_tag_key, LETTERS "0123456789 _.:/=+-@");
    check_ascii(&pattern_printable, LETTERS "0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
}

static void only_tag_keys_may_be_empty(void **state)
{
    (void)state;
    assert_false(pattern_id.matches(STR("")));
    assert_false(pattern_thing_name.matches(STR("")));
    assert_false(pattern_printable.matches(STR("")));
    assert_false(pattern_reason_code.matches(STR("")));
    assert_false(pattern_arn.matches(STR("")));
    assert_true(pattern_tag_key.matches(STR("")));
}

static void arns_need_their_prefix_and_something_visible(void **state)
{
    (void)state;
    assert_true(pattern_arn.matches(STR("arn:aws:iot:us-east-1:123456789012:thing/t")));
    assert_true(pattern_arn.matches(STR("arn:!~")));
    assert_false(pattern_arn.matches(STR("arn:")));
    assert_false(pattern_arn.matches(STR("arn")));
    assert_false(pattern_arn.matches(STR("xarn:a")));
    assert_false(pattern_arn.matches(STR("arn:a b")));
    assert_false(pattern_arn.matches(STR("arn:a\n")));
    assert_false(pattern_arn.matches(STR("arn:a\x7f")));
    assert_false(pattern_arn.matches(STR("arn:\xc3\xa9")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_characters_match_as_the_patterns_say),
        cmocka_unit_test(only_tag_keys_may_be_empty),
        cmocka_unit_test(arns_need_their_prefix_and_something_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
