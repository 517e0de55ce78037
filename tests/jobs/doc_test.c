#include "jobs/doc.h"
#include "tests/jobs/cases.h"

#include <stdlib.h>

#define BYTES_MAX (1 << 20)

static void add_hex(struct str hex, struct buf *out)
{
    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        char digits[] = {hex.p[i], hex.p[i + 1], '\0'};
        buf_add_byte(out, (char)strtol(digits, NULL, 16));
    }
}

static void check_case(const char *file, size_t at, struct doc_node row)
{
    struct buf json;
    struct buf part;
    struct buf written;
    buf_init(&json, BYTES_MAX);
    buf_init(&part, BYTES_MAX);
    buf_init(&written, BYTES_MAX);
    add_hex(doc_str(doc_member(row, "hex")), &json);
    cases_expand(doc_str(doc_member(row, "text")), &json);
    struct doc *doc = NULL;
    struct why why = {0};
    enum err err = doc_parse(buf_str(&json), BYTES_MAX, &doc, &why);
    if (doc_kind_of(doc_member(row, "error")) != DOC_ABSENT) {
        if (err != ERR_INVALID || strcmp(why.text, cases_text(row, "error", &part)) != 0)
            fail_msg("%s %zu: %s: %s", file, at, err_name(err), why.text);
        assert_string_equal(why.field, cases_text(row, "field", &part));
        assert_null(doc);
    } else {
        if (err != ERR_NONE)
            fail_msg("%s %zu: %s", file, at, why.text);
        doc_write(doc_root(doc), &written);
        assert_string_equal(buf_text(&written), cases_text(row, "output", &part));
    }
    doc_free(doc);
    buf_fini(&json);
    buf_fini(&part);
    buf_fini(&written);
}

static void check_file(const char *file, struct doc_node root)
{
    assert_true(doc_count(root) > 0);
    for (size_t i = 0; i < doc_count(root); i++)
        check_case(file, i, doc_item(root, i));
}

static void texts_follow_their_vectors(void **state)
{
    (void)state;
    cases_each("json", 5, check_file);
}

static void nothing_longer_than_the_maximum_is_parsed(void **state)
{
    (void)state;
    struct doc *doc;
    struct why why;
    assert_int_equal(doc_parse(STR("[12]"), 4, &doc, NULL), ERR_NONE);
    doc_free(doc);
    assert_int_equal(doc_parse(STR("[123]"), 4, &doc, &why), ERR_INVALID);
    assert_string_equal(why.text, "5 bytes, at most 4 are taken");
}

static void absent_text_is_no_document(void **state)
{
    (void)state;
    struct doc *doc;
    assert_int_equal(doc_parse(STR_NONE, 4, &doc, NULL), ERR_INVALID);
}

static struct doc *parse(struct str json)
{
    struct doc *doc;
    assert_int_equal(doc_parse(json, json.n, &doc, NULL), ERR_NONE);
    return doc;
}

static void members_have_kinds_and_values(void **state)
{
    (void)state;
    struct doc *doc = parse(STR("{\"s\":\"x\",\"i\":-5,\"r\":0.5,\"b\":true,\"n\":null,\"a\":[1,2],"
                                "\"o\":{\"k\":1},\"f\":false}"));
    struct doc_node root = doc_root(doc);
    static const struct {
        const char *name;
        enum doc_kind kind;
        const char *kind_name;
    } rows[] = {
        {"s", DOC_STRING, "string"}, {"i", DOC_INTEGER, "integer"}, {"r", DOC_REAL, "real"},
        {"b", DOC_BOOL, "boolean"},  {"f", DOC_BOOL, "boolean"},    {"n", DOC_NULL, "null"},
        {"a", DOC_ARRAY, "array"},   {"o", DOC_OBJECT, "object"},   {"-", DOC_ABSENT, "absent"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum doc_kind kind = doc_kind_of(doc_member(root, rows[i].name));
        assert_int_equal(kind, rows[i].kind);
        assert_string_equal(doc_kind_name(kind), rows[i].kind_name);
    }
    check_str(doc_str(doc_member(root, "s")), "x");
    assert_int_equal(doc_int(doc_member(root, "i")), -5);
    assert_true(doc_real(doc_member(root, "r")) == 0.5);
    assert_true(doc_real(doc_member(root, "i")) == -5);
    assert_true(doc_bool(doc_member(root, "b")));
    assert_false(doc_bool(doc_member(root, "f")));
    assert_int_equal(doc_count(root), 8);
    assert_int_equal(doc_count(doc_member(root, "a")), 2);
    assert_int_equal(doc_int(doc_item(doc_member(root, "a"), 1)), 2);
    assert_int_equal(doc_kind_of(doc_item(doc_member(root, "a"), 2)), DOC_ABSENT);
    doc_free(doc);
}

static void questions_about_something_else_are_answered_no(void **state)
{
    (void)state;
    struct doc *doc = parse(STR("[\"x\",1]"));
    struct doc_node nodes[] = {{NULL}, doc_item(doc_root(doc), 0)};
    for (size_t i = 0; i < COUNT_OF(nodes); i++) {
        assert_int_equal(doc_kind_of(doc_member(nodes[i], "x")), DOC_ABSENT);
        assert_int_equal(doc_kind_of(doc_item(nodes[i], 0)), DOC_ABSENT);
        assert_int_equal(doc_count(nodes[i]), 0);
        assert_int_equal(doc_int(nodes[i]), 0);
        assert_true(doc_real(nodes[i]) == 0);
        assert_false(doc_bool(nodes[i]));
        assert_null(doc_walk_start(nodes[i]).p);
    }
    check_str(doc_str((struct doc_node){NULL}), NULL);
    check_str(doc_str(doc_item(doc_root(doc), 1)), NULL);
    doc_free(doc);
    doc_free(NULL);
}

static void members_are_walked_in_the_order_written(void **state)
{
    (void)state;
    struct doc *doc = parse(STR("{\"z\":1,\"a\":2,\"\xc3\xa9\":3}"));
    struct doc_node root = doc_root(doc);
    struct doc_walk at = doc_walk_start(root);
    check_str(at.key, "z");
    assert_int_equal(doc_int(at.value), 1);
    doc_walk_next(root, &at);
    check_str(at.key, "a");
    doc_walk_next(root, &at);
    check_str(at.key, "\xc3\xa9");
    assert_int_equal(doc_int(at.value), 3);
    doc_walk_next(root, &at);
    assert_null(at.p);
    doc_free(doc);
}

static void an_absent_node_is_written_as_nothing(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 10);
    doc_write((struct doc_node){NULL}, &out);
    assert_int_equal(out.n, 0);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_follow_their_vectors),
        cmocka_unit_test(nothing_longer_than_the_maximum_is_parsed),
        cmocka_unit_test(absent_text_is_no_document),
        cmocka_unit_test(members_have_kinds_and_values),
        cmocka_unit_test(questions_about_something_else_are_answered_no),
        cmocka_unit_test(members_are_walked_in_the_order_written),
        cmocka_unit_test(an_absent_node_is_written_as_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
