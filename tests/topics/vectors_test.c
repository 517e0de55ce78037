#include "tests/check.h"
#include "tests/topics/vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_subject(const struct vector *v)
{
    static const char *const subjects[] = {"job",  "thing",    "namespace", "token",    "root",
                                           "name", "response", "command",   "template", "notify"};
    for (size_t i = 0; i < COUNT_OF(subjects); i++)
        if (str_eq_text(v->subject, subjects[i]))
            return;
    vectors_fail(v, "no test reads '%.*s'", STR_ARG(v->subject));
}

static void every_case_has_a_reader(void **state)
{
    (void)state;
    assert_true(vectors_each(VECTORS_DIR "/topics", NULL, check_subject) > 100);
}

static int accepted;
static int refused;

static void count(const struct vector *v)
{
    if (v->is_accept)
        accepted++;
    else
        refused++;
}

static void every_rule_has_both_sides(void **state)
{
    (void)state;
    DIR *rules = opendir(VECTORS_DIR "/topics");
    assert_non_null(rules);
    for (struct dirent *entry = readdir(rules); entry != NULL; entry = readdir(rules)) {
        if (entry->d_name[0] == '.')
            continue;
        char path[512];
        snprintf(path, sizeof path, VECTORS_DIR "/topics/%s", entry->d_name);
        accepted = refused = 0;
        vectors_each(path, NULL, count);
        if (accepted == 0 || refused == 0)
            fail_msg("%s: %d accepted, %d refused", entry->d_name, accepted, refused);
    }
    closedir(rules);
}

static void check_escapes(const struct vector *v)
{
    check_str(v->rule, "rule");
    assert_int_equal(v->line, 3);
    assert_false(v->is_accept);
    assert_true(str_eq(v->columns[0], STR("a\0b |-\\ababab")));
    check_str(v->columns[1], NULL);
    check_str(v->columns[2], "");
    check_str(v->columns[3], NULL);
}

static void escapes_and_columns_are_read_as_described(void **state)
{
    (void)state;
    char folder[] = "/tmp/vectors_test.XXXXXX";
    assert_non_null(mkdtemp(folder));
    char rule[64];
    char path[80];
    snprintf(rule, sizeof rule, "%s/rule", folder);
    snprintf(path, sizeof path, "%s/cases.txt", rule);
    assert_int_equal(mkdir(rule, 0700), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("# comment\n\nsome refuse |  a\\x00b\\s\\p\\m\\\\\\(ab*3) | - |\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(vectors_each(folder, "some", check_escapes), 1);
    assert_int_equal(vectors_each(folder, "other", check_escapes), 0);
    unlink(path);
    rmdir(rule);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_has_a_reader),
        cmocka_unit_test(every_rule_has_both_sides),
        cmocka_unit_test(escapes_and_columns_are_read_as_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
