#include "tests/check.h"
#include "tests/topics/vectors.h"
#include "topics/identifier.h"

static enum identifier kind;
static bool (*is_kind)(struct str s);

static void check_case(const struct vector *v)
{
    struct why why = {0};
    enum err err = identifier_check(kind, v->columns[0], &why);
    if (err != (v->is_accept ? ERR_NONE : ERR_INVALID))
        vectors_fail(v, "got %s: %s", err_name(err), why.text);
    if (is_kind(v->columns[0]) != v->is_accept)
        vectors_fail(v, "the question and the check disagree");
    vectors_check_why(v, &why, 1);
}

static void run(const char *subject, enum identifier what, bool (*question)(struct str s))
{
    kind = what;
    is_kind = question;
    assert_true(vectors_each(VECTORS_DIR "/topics", subject, check_case) > 2);
}

static void job_ids_follow_their_vectors(void **state)
{
    (void)state;
    run("job", IDENTIFIER_JOB, identifier_is_job);
}

static void thing_names_follow_their_vectors(void **state)
{
    (void)state;
    run("thing", IDENTIFIER_THING, identifier_is_thing);
}

static void namespaces_follow_their_vectors(void **state)
{
    (void)state;
    run("namespace", IDENTIFIER_NAMESPACE, identifier_is_namespace);
}

static void client_tokens_follow_their_vectors(void **state)
{
    (void)state;
    run("token", IDENTIFIER_TOKEN, identifier_is_token);
}

/* Every byte against the pattern as a person reads it. */
static void each_byte_is_in_its_classes_only(void **state)
{
    (void)state;
    const char *word = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        struct str s = {&c, 1};
        bool is_word = str_has(str_of(word), c);
        assert_int_equal(identifier_is_job(s), is_word);
        assert_int_equal(identifier_is_token(s), is_word);
        assert_int_equal(identifier_is_namespace(s), is_word);
        assert_int_equal(identifier_is_thing(s), is_word || c == ':');
        assert_int_equal(identifier_check(IDENTIFIER_ROOT, s, NULL) == ERR_NONE,
                         is_word || c == ':' || c == '.');
    }
}

static void an_absent_identifier_is_none(void **state)
{
    (void)state;
    assert_false(identifier_is_job(STR_NONE));
    assert_false(identifier_is_thing(STR_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_ids_follow_their_vectors),
        cmocka_unit_test(thing_names_follow_their_vectors),
        cmocka_unit_test(namespaces_follow_their_vectors),
        cmocka_unit_test(client_tokens_follow_their_vectors),
        cmocka_unit_test(each_byte_is_in_its_classes_only),
        cmocka_unit_test(an_absent_identifier_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
