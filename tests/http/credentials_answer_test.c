#include "http/credentials_answer.h"
#include "tests/check.h"

#include <stdio.h>

static const struct credentials_names nested = {.inside = "credentials",
                                                .access_key = "accessKeyId",
                                                .secret_key = "secretAccessKey",
                                                .token = "sessionToken",
                                                .expiration = "expiration"};

static void keys_are_read(void **state)
{
    (void)state;
    struct credential found;
    const struct str flat = STR("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\",\"Token\":\"C\","
                                "\"Expiration\":\"2018-01-18T09:18:06Z\",\"AccountId\":\"1\"}");
    assert_int_equal(credentials_answer_keys(flat, &credentials_answer_names, &found, NULL),
                     ERR_NONE);
    assert_string_equal(found.access_key, "A");
    assert_string_equal(found.secret_key, "B");
    assert_string_equal(found.token, "C");
    assert_int_equal(found.expires_at_s, 1516267086);
    const struct str deep =
        STR("{\"credentials\":{\"accessKeyId\":\"D\",\"secretAccessKey\":\"E\"}}");
    assert_int_equal(credentials_answer_keys(deep, &nested, &found, NULL), ERR_NONE);
    assert_string_equal(found.access_key, "D");
    assert_string_equal(found.token, "");
    assert_int_equal(found.expires_at_s, -1);
}

static void garbage_is_refused_without_being_repeated(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *reason;
    } cases[] = {
        {"", "no valid JSON"},
        {"HUSH", "no valid JSON"},
        {"{\"SecretAccessKey\":\"HUSH\",", "no valid JSON"},
        {"[]", "no credentials"},
        {"\"HUSH\"", "no credentials"},
        {"{}", "access key id"},
        {"{\"AccessKeyId\":1,\"SecretAccessKey\":\"HUSH\"}", "access key id"},
        {"{\"AccessKeyId\":\"A\"}", "secret access key"},
        {"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"HUSH\\r\\nX: y\"}", "secret access key"},
        {"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"HUSH\",\"Token\":\"HUSH \"}", "token"},
        {"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"HUSH\",\"Expiration\":\"soon\"}", "date"},
        {"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"HUSH\",\"Expiration\":1516267086}", "date"},
        {"{\"AccessKeyId\":\"A\",\"AccessKeyId\":\"B\",\"SecretAccessKey\":\"HUSH\"}", "JSON"},
    };
    struct credential found = {.access_key = "untouched"};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct why why = {0};
        assert_int_equal(
            credentials_answer_keys(str_of(cases[i].json), &credentials_answer_names, &found, &why),
            ERR_INVALID);
        check_has(why.text, cases[i].reason);
        assert_null(strstr(why.text, "HUSH"));
        assert_string_equal(found.access_key, "untouched");
    }
}

static void a_version_can_be_asked_for(void **state)
{
    (void)state;
    struct credentials_names names = credentials_answer_names;
    struct credential found;
    struct why why;
    names.version = 1;
    static const char *const texts[] = {"", "\"Version\":2,", "\"Version\":\"1\","};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char json[128];
        snprintf(json, sizeof json, "{%s\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}",
                 texts[i]);
        assert_int_equal(credentials_answer_keys(str_of(json), &names, &found, &why), ERR_INVALID);
        check_has(why.text, "Version 1");
    }
    assert_int_equal(credentials_answer_keys(
                         STR("{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}"),
                         &names, &found, NULL),
                     ERR_NONE);
}

static void answers_are_judged(void **state)
{
    (void)state;
    static const struct {
        struct http_answer answer;
        enum credentials_heard heard;
        const char *reason;
    } cases[] = {
        {{.status = 200}, CREDENTIALS_HEARD_KEYS, ""},
        {{.problem = "Timeout was reached"}, CREDENTIALS_HEARD_NOTHING, "Timeout was reached"},
        {{.status = 200, .is_cut = true},
         CREDENTIALS_HEARD_NO,
         "the answer is longer than 16384 bytes"},
        {{.status = 201}, CREDENTIALS_HEARD_NO, "HTTP 201"},
        {{.status = 302}, CREDENTIALS_HEARD_NO, "HTTP 302"},
        {{.status = 429}, CREDENTIALS_HEARD_NOTHING, "HTTP 429"},
        {{.status = 503}, CREDENTIALS_HEARD_NOTHING, "HTTP 503"},
        {{.status = 403, .body = STR("{\"message\":\"no\\nX: y\"}")},
         CREDENTIALS_HEARD_NO,
         "HTTP 403 (no)"},
        {{.status = 400, .body = STR("{\"Code\":\"Bad\\u001b[31m\"}")},
         CREDENTIALS_HEARD_NO,
         "HTTP 400 (Bad?[31m)"},
        {{.status = 404, .body = STR("<html>")}, CREDENTIALS_HEARD_NO, "HTTP 404"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct why why = {0};
        assert_int_equal(credentials_answer_judge(&cases[i].answer, &why), cases[i].heard);
        assert_string_equal(why.text, cases[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read),
        cmocka_unit_test(garbage_is_refused_without_being_repeated),
        cmocka_unit_test(a_version_can_be_asked_for),
        cmocka_unit_test(answers_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
