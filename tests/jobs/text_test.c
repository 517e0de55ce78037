#include "jobs/text.h"
#include "tests/jobs/cases.h"

static void check_file(const char *file, bool (*matches)(struct str))
{
    struct doc *doc = cases_load(file);
    static const char *const lists[] = {"refuse", "accept"};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct doc_node texts = doc_member(doc_root(doc), lists[i]);
        assert_true(doc_count(texts) > 0);
        for (size_t j = 0; j < doc_count(texts); j++)
            if (matches(doc_str(doc_item(texts, j))) != (i == 1))
                fail_msg("%s, %s %zu", file, lists[i], j);
    }
    doc_free(doc);
}

static void printable_texts_follow_their_vectors(void **state)
{
    (void)state;
    check_file("text/printable.json", text_is_printable);
}

static void tag_keys_follow_their_vectors(void **state)
{
    (void)state;
    check_file("text/tag-key.json", text_is_tag_key);
}

static void what_is_no_utf8_matches_nothing(void **state)
{
    (void)state;
    assert_false(text_is_printable(STR("a\xff")));
    assert_false(text_is_tag_key(STR("a\xff")));
    assert_false(text_is_printable(STR("a\0b")));
    assert_false(text_is_tag_key(STR("a\0b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printable_texts_follow_their_vectors),
        cmocka_unit_test(tag_keys_follow_their_vectors),
        cmocka_unit_test(what_is_no_utf8_matches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
