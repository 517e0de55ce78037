#include "local/percent.h"
#include "tests/check.h"

static void expect(const char *text, size_t room, const char *decoded)
{
    char out[16];
    struct str ret = STR_NONE;
    assert_true(room <= sizeof out);
    bool ok = percent_decode(str_of(text), out, room, &ret);
    if (ok != (decoded != NULL))
        fail_msg("'%s' is %s", text, ok ? "taken" : "refused");
    check_str(ret, decoded);
}

static void escapes_are_decoded_once(void **state)
{
    (void)state;
    expect("", 16, "");
    expect("plain", 16, "plain");
    expect("a%3Ab%3ac", 16, "a:b:c");
    expect("a+b%2Bc", 16, "a+b+c");
    expect("%2541", 16, "%41");
    expect("%C3%BC", 16, "\xc3\xbc");
}

static void broken_escapes_and_nul_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"%",   "a%4",   "%4",   "%zz", "%4g",
                                      "%00", "a%00b", "%%41", "%+1"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        expect(bad[i], 16, NULL);
}

static void nothing_is_decoded_to_nothing(void **state)
{
    (void)state;
    char out[1];
    struct str ret = STR_NONE;
    assert_true(percent_decode(STR_NONE, out, sizeof out, &ret));
    assert_int_equal(ret.n, 0);
}

static void the_room_is_kept(void **state)
{
    (void)state;
    expect("abc", 3, "abc");
    expect("abcd", 3, NULL);
    expect("%41%42%43", 3, "ABC");
    expect("a", 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_decoded_once),
        cmocka_unit_test(broken_escapes_and_nul_are_refused),
        cmocka_unit_test(nothing_is_decoded_to_nothing),
        cmocka_unit_test(the_room_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
