#include "http/ini.h"
#include "tests/check.h"

struct expected {
    const char *section; /* NULL: absent */
    const char *name;
    const char *value;
};

static void assert_items(const char *text, const struct expected *expected, size_t count)
{
    struct ini ini = ini_of(str_of(text));
    struct ini_item item;
    for (size_t i = 0; i < count; i++) {
        assert_true(ini_next(&ini, &item));
        check_str(item.section, expected[i].section);
        check_str(item.name, expected[i].name);
        check_str(item.value, expected[i].value);
    }
    assert_false(ini_next(&ini, &item));
    assert_false(ini_next(&ini, &item));
}

static void sections_items_and_comments_are_told_apart(void **state)
{
    (void)state;
    const struct expected expected[] = {
        {NULL, "before", "1"},       {"default", "a", "b=c"}, {"default", "d", ""},
        {"profile x", "e", "f#g;h"}, {"profile x", "i", "j"}, {"", "k", "l"},
    };
    assert_items("before = 1\n"
                 "# comment = no\n"
                 "; comment = no\n"
                 "[default]\n"
                 "a=b=c\n"
                 "d =\n"
                 "\n"
                 "[ profile x ] # main\r\n"
                 "e = f#g;h # i\r\n"
                 "i\t=\tj\t; k\n"
                 "[]\n"
                 "k=l",
                 expected, COUNT_OF(expected));
}

static void what_is_no_item_is_passed_over(void **state)
{
    (void)state;
    const struct expected expected[] = {{"a", "x", "1"}, {NULL, "y", "2"}, {NULL, "", "3"}};
    assert_items("[a]\nx = 1\n  nested = 2\n\tnested = 3\nno item\n[b\ny=2\n=3\n[\n]", expected,
                 COUNT_OF(expected));
    assert_items("", NULL, 0);
    assert_items("\n\n\r\n", NULL, 0);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    const struct expected expected[] = {{"a", "x", "1"}};
    assert_items("\xef\xbb\xbf[a]\nx=1\n", expected, COUNT_OF(expected));
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    static const char bytes[] = "[=]\n\0=\0\n#\n;[x\n]=[\r\r\n\xff\xfe=\x01 #";
    for (size_t start = 0; start < sizeof bytes; start++) {
        for (size_t n = 0; n <= sizeof bytes - start; n++) {
            struct ini ini = ini_of((struct str){bytes + start, n});
            struct ini_item item;
            size_t count = 0;
            while (ini_next(&ini, &item))
                assert_true(++count <= n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_items_and_comments_are_told_apart),
        cmocka_unit_test(what_is_no_item_is_passed_over),
        cmocka_unit_test(a_byte_order_mark_is_passed_over),
        cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
