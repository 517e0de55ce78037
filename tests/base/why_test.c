#include "base/utf8.h"
#include "base/why.h"
#include "tests/check.h"

#include <errno.h>

static void a_reason_has_a_field_and_a_text(void **state)
{
    (void)state;
    struct why why;
    assert_int_equal(why_set(&why, ERR_FULL, "a.b", "%d of %d", 3, 2), ERR_FULL);
    assert_string_equal(why.field, "a.b");
    assert_string_equal(why.text, "3 of 2");
    assert_int_equal(why_set(&why, ERR_DOWN, NULL, "x"), ERR_DOWN);
    assert_string_equal(why.field, "");
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(why_set(NULL, ERR_INVALID, "f", "x"), ERR_INVALID);
    errno = ENOENT;
    assert_int_equal(why_errno(NULL, "x"), ERR_IO);
}

static void errno_is_told_behind_the_subject(void **state)
{
    (void)state;
    struct why why;
    errno = ENOENT;
    assert_int_equal(why_errno(&why, "open %s", "file"), ERR_IO);
    assert_string_equal(why.field, "");
    assert_string_equal(why.text, "open file: No such file or directory");
}

static void what_is_not_printable_becomes_a_question_mark(void **state)
{
    (void)state;
    struct why why;
    why_set(&why, ERR_INVALID, "f\n", "%s",
            "a\tb\x1b\x7f|\xc2\x80\xc2\x9f\xc2\xa0|\xff|\xc3|\xed\xa0\x80|\xc3\xa4");
    assert_string_equal(why.field, "f?");
    assert_string_equal(why.text, "a?b??|????\xc2\xa0|?|?|???|\xc3\xa4");
}

/* Whatever the cut falls on, the text is whole, ended and valid. */
static void a_long_text_is_cut_and_stays_valid(void **state)
{
    (void)state;
    char text[2 * WHY_TEXT_MAX];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 4 <= sizeof text; i += 4)
            memcpy(text + i, "\xf0\x9f\x98\x80", 4);
        text[sizeof text - 1] = '\0';
        struct why why;
        why_set(&why, ERR_INVALID, text, "%s", text);
        assert_int_equal(strlen(why.text), WHY_TEXT_MAX - 1);
        assert_int_equal(strlen(why.field), WHY_FIELD_MAX - 1);
        assert_true(utf8_is_valid(str_of(why.text)));
        assert_true(utf8_is_valid(str_of(why.field)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reason_has_a_field_and_a_text),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(errno_is_told_behind_the_subject),
        cmocka_unit_test(what_is_not_printable_becomes_a_question_mark),
        cmocka_unit_test(a_long_text_is_cut_and_stays_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
