#include "http/credentials_xml.h"
#include "tests/check.h"

static const struct {
    const char *xml;
    const char *name;
    const char *inside; /* NULL: absent */
} cases[] = {
    {"<a>x</a>", "a", "x"},
    {"<a></a>", "a", ""},
    {"<?xml version=\"1.0\"?>\n<r xmlns=\"u\"><a>\n  x\n</a></r>", "a", "\n  x\n"},
    {"<b><a>1</a></b><c>2</c>", "b", "<a>1</a>"},
    {"<a>1</a><a>2</a>", "a", NULL},
    {"<a>1</a></a>", "a", NULL},
    {"<a><a>1</a>", "a", NULL},
    {"</a><a>", "a", NULL},
    {"<a>1", "a", NULL},
    {"1</a>", "a", NULL},
    {"<a b=\"c\">1</a>", "a", NULL},
    {"<A>1</A>", "a", NULL},
    {"<ab>1</ab>", "a", NULL},
    {"<a/>", "a", NULL},
    {"", "a", NULL},
};

static void elements_are_found_only_where_they_are_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_str(credentials_xml_element(str_of(cases[i].xml), cases[i].name), cases[i].inside);
    assert_true(str_is_absent(credentials_xml_element(STR_NONE, "a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_found_only_where_they_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
