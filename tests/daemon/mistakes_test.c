#include "daemon/mistakes.h"
#include "tests/check.h"

static void check_text(struct mistakes *mistakes, const char *expected)
{
    struct buf out;
    buf_init(&out, 4096);
    mistakes_write(mistakes, "f.yaml", &out);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void by_line(void **state)
{
    (void)state;
    struct mistakes mistakes;
    mistakes_init(&mistakes);
    check_text(&mistakes, "");
    mistakes_add(&mistakes, 7, "b", "second %d", 7);
    mistakes_add(&mistakes, 3, "a.b", "first");
    mistakes_add(&mistakes, 7, "c", "third");
    mistakes_add(&mistakes, 0, "", "the file\x1b[1m");
    check_text(&mistakes, "f.yaml: the file?[1m\n"
                          "f.yaml:3: a.b: first\n"
                          "f.yaml:7: b: second 7\n"
                          "f.yaml:7: c: third\n");
    mistakes_fini(&mistakes);
    assert_int_equal(mistakes.total, 0);
}

static void too_many(void **state)
{
    (void)state;
    struct mistakes mistakes;
    struct buf out;
    mistakes_init(&mistakes);
    for (size_t i = 0; i < MISTAKES_MAX + 5; i++)
        mistakes_add(&mistakes, i + 1, "", "x");
    assert_int_equal(mistakes.count, MISTAKES_MAX);
    assert_int_equal(mistakes.total, MISTAKES_MAX + 5);
    buf_init(&out, 100000);
    mistakes_write(&mistakes, "f", &out);
    check_has(buf_text(&out), "f:100: x\nf: and 5 more\n");
    buf_fini(&out);
    mistakes_fini(&mistakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_line), cmocka_unit_test(too_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
