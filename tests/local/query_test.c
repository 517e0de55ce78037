#include "local/query.h"
#include "tests/check.h"

#include <stdio.h>

static const char *const known[] = {"force", "size", "name", NULL};

static enum err parse(const char *text, struct query *query, struct why *why)
{
    return query_parse(str_of(text), known, query, why);
}

static void parameters_are_found_by_name(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(parse(NULL, &query, NULL), ERR_NONE);
    check_str(query_get(&query, "force"), NULL);
    assert_int_equal(parse("size=3&&name=a%3Db%26&force", &query, NULL), ERR_NONE);
    check_str(query_get(&query, "size"), "3");
    check_str(query_get(&query, "name"), "a=b&");
    check_str(query_get(&query, "force"), "");
    assert_int_equal(parse("", &query, NULL), ERR_NONE);
    check_str(query_get(&query, "size"), NULL);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"size=1&other=2", "does not know: 'other'"},
        {"size=1&size=1", "twice: 'size'"},
        {"%73ize=1&size=1", "twice: 'size'"},
        {"=1", "does not know: ''"},
        {"size=%", "no text"},
        {"name=%c3", "no text"},
        {"Size=1", "does not know: 'Size'"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct query query;
        struct why why = {0};
        assert_int_equal(parse(cases[i].text, &query, &why), ERR_INVALID);
        check_has(why.text, cases[i].message);
    }
}

static void a_long_query_is_refused(void **state)
{
    (void)state;
    static char text[QUERY_BYTES_MAX + 64] = "name=";
    struct query query;
    struct why why = {0};
    memset(text + 5, 'x', QUERY_BYTES_MAX - 4);
    assert_int_equal(parse(text, &query, NULL), ERR_NONE);
    memset(text + 5, 'x', QUERY_BYTES_MAX);
    assert_int_equal(parse(text, &query, &why), ERR_INVALID);
    check_has(why.text, "too long");
}

static void words_and_numbers(void **state)
{
    (void)state;
    struct query query;
    bool force = true;
    int64_t size = 7;
    struct why why = {0};
    assert_int_equal(parse("name=x", &query, NULL), ERR_NONE);
    assert_int_equal(query_bool(&query, "force", &force, NULL), ERR_NONE);
    assert_int_equal(query_int(&query, "size", 1, 9, &size, NULL), ERR_NONE);
    assert_true(force);
    assert_int_equal(size, 7);
    assert_int_equal(parse("force=false&size=9", &query, NULL), ERR_NONE);
    assert_int_equal(query_bool(&query, "force", &force, NULL), ERR_NONE);
    assert_int_equal(query_int(&query, "size", 1, 9, &size, NULL), ERR_NONE);
    assert_false(force);
    assert_int_equal(size, 9);
    static const char *const bad[] = {"force=True&size=10", "force=1&size=0",
                                      "force=&size=", "force=truefalse&size=1.5"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(parse(bad[i], &query, NULL), ERR_NONE);
        assert_int_equal(query_bool(&query, "force", &force, &why), ERR_INVALID);
        assert_string_equal(why.field, "force");
        assert_int_equal(query_int(&query, "size", 1, 9, &size, &why), ERR_INVALID);
        assert_string_equal(why.field, "size");
        assert_int_equal(size, 9);
    }
}

static void identifiers_have_a_length_and_a_pattern(void **state)
{
    (void)state;
    struct why why = {0};
    assert_int_equal(query_check_id("jobId", STR("a-1"), 3, &pattern_id, NULL), ERR_NONE);
    assert_int_equal(query_check_id("jobId", STR(""), 3, &pattern_id, &why), ERR_INVALID);
    check_has(why.text, "length greater than or equal to 1");
    assert_int_equal(query_check_id("jobId", STR("abcd"), 3, &pattern_id, &why), ERR_INVALID);
    check_has(why.text, "Value 'abcd' at 'jobId'");
    check_has(why.text, "length less than or equal to 3");
    assert_int_equal(query_check_id("jobId", STR("a:b"), 3, &pattern_id, &why), ERR_INVALID);
    check_has(why.text, "pattern: [a-zA-Z0-9_-]+");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_found_by_name),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_long_query_is_refused),
        cmocka_unit_test(words_and_numbers),
        cmocka_unit_test(identifiers_have_a_length_and_a_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
