#include "tests/check.h"
#include "tests/http/fetched.h"

#include <stdio.h>

#define HOST "c1.credentials.iot.eu-central-1.amazonaws.com"

static const struct credentials_iot whole = {
    .endpoint = HOST,
    .role_alias = "Role=1,a@b",
    .thing_name = "pump:1",
    .cert_file = "/c.pem",
    .key_file = "/k.pem",
};

static void the_request_is_exact(void **state)
{
    (void)state;
    static char asked[RAWHTTP_BYTES];
    const struct credentials_options options = {.iot = whole};
    const struct credentials_talk talk = {.options = &options};
    fetched_asked(&credentials_iot_dialogue, &talk, asked, NULL);
    assert_string_equal(asked, "GET https://" HOST "/role-aliases/Role=1,a@b/credentials\n"
                               "x-amzn-iot-thingname: pump:1\n");
}

static void each_setting_is_checked(void **state)
{
    (void)state;
    struct why why;
    char long_name[130];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(credentials_iot_check(&whole, NULL), ERR_NONE);
    const char *const endpoints[] = {NULL,
                                     "http://" HOST,
                                     "x-ats.iot.eu-central-1.amazonaws.com",
                                     "iot.eu-central-1.amazonaws.com",
                                     HOST "/x",
                                     ""};
    const char *const aliases[] = {NULL, "", "a/b", "a b", "a%2f", long_name};
    const char *const things[] = {NULL, "", "a/b", "a\r\nX: y", "a=b", long_name};
    struct credentials_iot iot = whole;
    for (size_t i = 0; i < COUNT_OF(endpoints); i++) {
        iot.endpoint = endpoints[i];
        assert_int_equal(credentials_iot_check(&iot, &why), ERR_INVALID);
        assert_string_equal(why.field, "endpoint");
    }
    iot = whole;
    for (size_t i = 0; i < COUNT_OF(aliases); i++) {
        iot.role_alias = aliases[i];
        assert_int_equal(credentials_iot_check(&iot, &why), ERR_INVALID);
        assert_string_equal(why.field, "role_alias");
    }
    iot = whole;
    for (size_t i = 0; i < COUNT_OF(things); i++) {
        iot.thing_name = things[i];
        assert_int_equal(credentials_iot_check(&iot, &why), ERR_INVALID);
        assert_string_equal(why.field, "thing_name");
    }
    iot = whole;
    iot.key_file = NULL;
    assert_int_equal(credentials_iot_check(&iot, &why), ERR_INVALID);
    iot.cert_file = NULL;
    assert_int_equal(credentials_iot_check(&iot, &why), ERR_INVALID);
    assert_string_equal(why.field, "cert_file");
}

static enum credentials_heard hear(int status, const char *body, struct credential *ret,
                                   struct why *why)
{
    struct credentials_talk talk = {0};
    const struct http_answer answer = {.status = status, .body = str_of(body)};
    return credentials_iot_dialogue.hear(&talk, &answer, ret, why);
}

static void answers_are_understood(void **state)
{
    (void)state;
    struct credential found;
    struct why why;
    assert_int_equal(hear(200,
                          "{\"credentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"B\","
                          "\"sessionToken\":\"C\",\"expiration\":\"2018-01-18T09:18:06Z\"}}",
                          &found, &why),
                     CREDENTIALS_HEARD_KEYS);
    assert_string_equal(found.token, "C");
    assert_int_equal(found.expires_at_s, 1516267086);
    assert_int_equal(hear(200, "{\"accessKeyId\":\"A\"}", &found, &why), CREDENTIALS_HEARD_NOTHING);
    assert_int_equal(hear(403, "{\"message\":\"Access Denied\"}", &found, &why),
                     CREDENTIALS_HEARD_NO);
    assert_string_equal(why.text, "HTTP 403 (Access Denied)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_exact),
        cmocka_unit_test(each_setting_is_checked),
        cmocka_unit_test(answers_are_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
