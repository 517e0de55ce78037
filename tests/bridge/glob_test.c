#include "bridge/glob.h"
#include "tests/check.h"

#define LONG128                                                                                    \
    "a123456789b123456789c123456789d123456789e123456789f123456789g123456789h123456789"             \
    "i123456789j123456789k123456789l123456789m1234567"

static struct glob glob_of(const char *pattern)
{
    struct glob glob;
    struct why why;
    if (glob_init(&glob, str_of(pattern), &why) != ERR_NONE)
        fail_msg("%s", why.text);
    return glob;
}

static bool matches(const char *pattern, const char *text)
{
    struct glob glob = glob_of(pattern);
    bool is_match = glob_matches(&glob, str_of(text));
    glob_fini(&glob);
    return is_match;
}

static void literals_and_wildcards(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool is_match;
    } cases[] = {
        {"pump", "pump", true},
        {"pump", "pump1", false},
        {"pump", "pum", false},
        {"pump", "PUMP", false},
        {"", "", true},
        {"", "a", false},
        {"?", "a", true},
        {"?", "", false},
        {"?", "ab", false},
        {"p?mp", "pump", true},
        {"p?mp", "pmp", false},
        {"*", "", true},
        {"*", "anything:at_all-9", true},
        {"?*", "", false},
        {"?*", "a", true},
        {"*?", "abc", true},
        {"pump-*", "pump-", true},
        {"pump-*", "pump-17", true},
        {"pump-*", "pump", false},
        {"pump-*", "a-pump-1", false},
        {"*-a", "b-a", true},
        {"*-a", "b-ab", false},
        {"a*b*c", "abc", true},
        {"a*b*c", "aXXbYYc", true},
        {"a*b*c", "acb", false},
        {"*a*", "bab", true},
        {"*a*", "bbb", false},
        {"*aab", "aaab", true},
        {"**a**", "a", true},
        {"a*?b", "aXb", true},
        {"a*?b", "ab", false},
        {"*:*", "site:pump", true},
        {"*", "caf\xc3\xa9", true},
        {"caf*", "caf\xc3\xa9", true},
        {"caf??", "caf\xc3\xa9", true},
        {LONG128, LONG128, true},
        {"*"
         "a123456789b",
         LONG128, false},
        {"*m1234567", LONG128, true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (matches(cases[i].pattern, cases[i].text) != cases[i].is_match)
            fail_msg("%s and %s", cases[i].pattern, cases[i].text);
}

/* The plain definition, exponential. */
static bool matches_by_definition(const char *pattern, const char *text)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return matches_by_definition(pattern + 1, text) ||
               (*text != '\0' && matches_by_definition(pattern, text + 1));
    return *text != '\0' && (*pattern == '?' || *pattern == *text) &&
           matches_by_definition(pattern + 1, text + 1);
}

#define WORD_MAX 5

/* The number-th word over an alphabet. */
static void word(unsigned number, const char *alphabet, char text[static WORD_MAX + 1])
{
    unsigned base = (unsigned)strlen(alphabet) + 1;
    size_t n = 0;
    for (int i = 0; i < WORD_MAX; i++, number /= base)
        if (number % base > 0)
            text[n++] = alphabet[number % base - 1];
    text[n] = '\0';
}

/* Every pattern of up to four of a b ? * with every text of up to five of a b. */
static void all_small_ones_are_as_defined(void **state)
{
    (void)state;
    for (unsigned p = 0; p < 625; p++) {
        char pattern[WORD_MAX + 1];
        word(p, "ab?*", pattern);
        struct glob glob = glob_of(pattern);
        for (unsigned t = 0; t < 243; t++) {
            char text[WORD_MAX + 1];
            word(t, "ab", text);
            if (glob_matches(&glob, str_of(text)) != matches_by_definition(pattern, text))
                fail_msg("%s and %s", pattern, text);
        }
        glob_fini(&glob);
    }
}

/* Judged by every text of up to five of a b and another letter. */
static void covering_is_never_wrongly_true(void **state)
{
    (void)state;
    for (unsigned g = 0; g < 625; g++) {
        char general[WORD_MAX + 1];
        word(g, "ab?*", general);
        struct glob glob = glob_of(general);
        for (unsigned s = 0; s < 125; s++) {
            char special[WORD_MAX + 1];
            word(s, "ab?*", special);
            struct glob other = glob_of(special);
            bool covers = glob_covers(&glob, &other);
            for (unsigned t = 0; covers && t < 1024; t++) {
                char text[WORD_MAX + 1];
                word(t, "abx", text);
                if (glob_matches(&other, str_of(text)) && !glob_matches(&glob, str_of(text)))
                    fail_msg("%s does not cover %s: %s", general, special, text);
            }
            glob_fini(&other);
        }
        glob_fini(&glob);
    }
}

static void what_covers_what(void **state)
{
    (void)state;
    static const struct {
        const char *general;
        const char *special;
        bool covers;
    } cases[] = {
        {"*", "pump-*", true},
        {"pump-*", "pump-?", true},
        {"pump-*", "pump-1", true},
        {"pump-*", "*", false},
        {"*?", "?*", true},
        {"?*", "*?", true},
        {"?*", "*", false},
        {"*a*", "*ba*", true},
        {"*", "*", true},
        {"pump", "pump", true},
        {"pump", "pum?", false},
        {"pum?", "pump", true},
        {"?", "*", false},
        {"a*c", "a*b*c", true},
        {"a*b*c", "a*c", false},
        {"*-a-*", "x-a-*", true},
        {"prod-*", "prod-eu-*", true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct glob general = glob_of(cases[i].general);
        struct glob special = glob_of(cases[i].special);
        if (glob_covers(&general, &special) != cases[i].covers)
            fail_msg("%s and %s", cases[i].general, cases[i].special);
        glob_fini(&general);
        glob_fini(&special);
    }
}

static void what_no_identifier_has_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"a b",         "a/b",  "#",   "+",
                                      "caf\xc3\xa9", "[ab]", "a.b", LONG128 "*"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct glob glob;
        struct why why = {0};
        assert_int_equal(glob_init(&glob, str_of(bad[i]), &why), ERR_INVALID);
        assert_true(why.text[0] != '\0');
    }
    struct glob nul;
    assert_int_equal(glob_init(&nul, (struct str){"a\0b", 3}, NULL), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_and_wildcards),
        cmocka_unit_test(all_small_ones_are_as_defined),
        cmocka_unit_test(covering_is_never_wrongly_true),
        cmocka_unit_test(what_covers_what),
        cmocka_unit_test(what_no_identifier_has_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
