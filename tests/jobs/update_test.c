#include "base/limits.h"
#include "jobs/update.h"
#include "tests/jobs/cases.h"

#define BYTES_MAX (1 << 20)

static void decode(struct str json, struct update *ret)
{
    struct doc *doc;
    struct why why;
    if (doc_parse(json, BYTES_MAX, &doc, &why) != ERR_NONE)
        fail_msg("%s", why.text);
    if (update_decode(doc_root(doc), ret, &why) != ERR_NONE)
        fail_msg("%s", why.text);
    doc_free(doc);
}

static void check_written(const struct update *update, const char *expected)
{
    struct buf out;
    buf_init(&out, BYTES_MAX);
    update_write(update, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void check_encode(const char *file, struct doc_node rows)
{
    (void)file;
    assert_true(doc_count(rows) > 0);
    struct buf text;
    buf_init(&text, BYTES_MAX);
    for (size_t i = 0; i < doc_count(rows); i++) {
        struct update update;
        cases_text(doc_item(rows, i), "input", &text);
        decode(buf_str(&text), &update);
        check_written(&update, cases_text(doc_item(rows, i), "output", &text));
        update_free(&update);
    }
    buf_fini(&text);
}

static void updates_are_written_as_their_vectors_say(void **state)
{
    (void)state;
    cases_each("encode", 3, check_encode);
}

static void check_merge(const char *file, struct doc_node rows)
{
    (void)file;
    assert_true(doc_count(rows) > 0);
    struct buf text;
    buf_init(&text, BYTES_MAX);
    for (size_t i = 0; i < doc_count(rows); i++) {
        struct update into;
        struct update later;
        cases_text(doc_item(rows, i), "into", &text);
        decode(buf_str(&text), &into);
        cases_text(doc_item(rows, i), "later", &text);
        decode(buf_str(&text), &later);
        assert_int_equal(update_merge(&into, &later), ERR_NONE);
        update_free(&later);
        check_written(&into, cases_text(doc_item(rows, i), "output", &text));
        update_free(&into);
    }
    buf_fini(&text);
}

static void updates_merge_as_their_vectors_say(void **state)
{
    (void)state;
    cases_each("merge", 2, check_merge);
}

static void merging_into_nothing_copies(void **state)
{
    (void)state;
    struct update into = {0};
    struct update later;
    decode(STR("{\"description\":\"x\"}"), &later);
    assert_int_equal(update_merge(&into, &later), ERR_NONE);
    assert_true(into.text != later.text);
    update_free(&later);
    check_written(&into, "{\"description\":\"x\"}");
    update_free(&into);
}

static void members_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "abortConfig",
        "description",
        "jobExecutionsRetryConfig",
        "jobExecutionsRolloutConfig",
        "presignedUrlConfig",
        "timeoutConfig",
    };
    assert_int_equal(COUNT_OF(names), UPDATE_MEMBER_COUNT);
    for (enum update_member member = 0; member < UPDATE_MEMBER_COUNT; member++) {
        assert_string_equal(update_member_name(member), names[member]);
        assert_true(update_has_member_named(str_of(names[member])));
    }
    assert_false(update_has_member_named(STR("namespaceId")));
    assert_false(update_has_member_named(STR("")));
}

static void a_refused_update_leaves_the_output_alone(void **state)
{
    (void)state;
    struct doc *doc;
    struct why why;
    assert_int_equal(doc_parse(STR("{\"description\":\"x\",\"timeoutConfig\":1}"), 100, &doc, NULL),
                     ERR_NONE);
    struct update update = {.text = (char *)&why};
    assert_int_equal(update_decode(doc_root(doc), &update, &why), ERR_INVALID);
    assert_ptr_equal(update.text, &why);
    assert_string_equal(why.field, "timeoutConfig");
    doc_free(doc);
}

static void an_update_has_an_end(void **state)
{
    (void)state;
    static const char criteria[] =
        "{\"abortConfig\":{\"criteriaList\":[<4000*{\"failureType\":\"ALL\",\"action\":\"CANCEL\","
        "\"thresholdPercentage\":1,\"minNumberOfExecutedThings\":1},>{\"failureType\":\"ALL\","
        "\"action\":\"CANCEL\",\"thresholdPercentage\":1,\"minNumberOfExecutedThings\":1}]}}";
    struct buf json;
    buf_init(&json, BYTES_MAX);
    cases_expand(STR(criteria), &json);
    assert_true(json.n > LIMITS_REQUEST_BYTES);
    struct doc *doc;
    struct why why;
    assert_int_equal(doc_parse(buf_str(&json), BYTES_MAX, &doc, NULL), ERR_NONE);
    struct update update = {0};
    assert_int_equal(update_decode(doc_root(doc), &update, &why), ERR_INVALID);
    assert_string_equal(why.text, "the update is longer than 262144 bytes");
    assert_null(update.text);
    doc_free(doc);
    buf_fini(&json);
}

static void empty_is_without_members(void **state)
{
    (void)state;
    struct update update = {0};
    assert_true(update_is_empty(&update));
    update_free(&update);
    decode(STR("{\"timeoutConfig\":{}}"), &update);
    assert_false(update_is_empty(&update));
    check_str(update.member[UPDATE_TIMEOUT_CONFIG], "{}");
    check_str(update.member[UPDATE_DESCRIPTION], NULL);
    update_free(&update);
    assert_true(update_is_empty(&update));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_are_written_as_their_vectors_say),
        cmocka_unit_test(updates_merge_as_their_vectors_say),
        cmocka_unit_test(merging_into_nothing_copies),
        cmocka_unit_test(members_have_names),
        cmocka_unit_test(a_refused_update_leaves_the_output_alone),
        cmocka_unit_test(an_update_has_an_end),
        cmocka_unit_test(empty_is_without_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
