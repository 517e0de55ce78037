/* The signatures are botocore's for the same keys, time and body. */
#include "http/sigv4.h"
#include "tests/check.h"
#include "tests/http/fetched.h"

#include <stdio.h>
#include <stdlib.h>

#define ARN          "arn:aws:iam::123456789012:role/r"
#define CONTENT_TYPE "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
#define SCOPE        "AKIDEXAMPLE/20150830/eu-central-1/sts/aws4_request"

static struct http *http;
static char asked[RAWHTTP_BYTES];

static const struct credential keys = {
    .access_key = "AKIDEXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    .expires_at_s = -1,
};

static int set_up(void **state)
{
    (void)state;
    const struct http_options options = {.connections_max = 1};
    fetched_clear_environment();
    return http_new(&options, &http, NULL) != ERR_NONE;
}

static int tear_down(void **state)
{
    (void)state;
    http_free(http);
    return 0;
}

static void ask(const struct credentials_role *role, const struct credential *signer,
                const char *region, struct why *why)
{
    const struct credentials_options options = {.region = region};
    struct credentials_talk talk = {
        .options = &options, .role = role, .signer = signer, .now_s = 1440938160};
    assert_int_equal(sigv4_new(&talk.sigv4), ERR_NONE);
    fetched_asked(&credentials_sts_dialogue, &talk, asked, why);
    sigv4_free(talk.sigv4);
}

static void the_request_is_signed_for_sts_of_the_region(void **state)
{
    (void)state;
    const struct credentials_role role = {.arn = ARN, .session = "jobs-bridge"};
    ask(&role, &keys, "eu-central-1", NULL);
    assert_string_equal(
        asked, "POST https://sts.eu-central-1.amazonaws.com/\n" CONTENT_TYPE
               "X-Amz-Date: 20150830T123600Z\n"
               "Authorization: AWS4-HMAC-SHA256 Credential=" SCOPE ", "
               "SignedHeaders=content-type;host;x-amz-date, Signature="
               "ab97112784dc4bb265ec1fe4bab1ce948cd7952950a7ec794c05e3d4bee55364\n"
               "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3A"
               "role%2Fr&RoleSessionName=jobs-bridge");
}

static void everything_a_role_can_have_is_sent(void **state)
{
    (void)state;
    const struct credentials_role role = {
        .arn = ARN, .session = "sess", .external_id = "ex/t:1", .duration_s = 3600};
    struct credential signer = keys;
    snprintf(signer.token, sizeof signer.token, "to/ken==");
    ask(&role, &signer, "eu-central-1", NULL);
    check_has(asked, "X-Amz-Security-Token: to/ken==\n");
    check_has(asked, "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
                     "307fa807f331ad0a9b44187fb015cbbded1e2de6db837deffed0a57535f6fc17\n");
    check_has(asked, "&RoleSessionName=sess&DurationSeconds=3600&ExternalId=ex%2Ft%3A1");
}

static void the_endpoint_can_be_elsewhere(void **state)
{
    (void)state;
    const struct credentials_role role = {.arn = ARN, .session = "s1"};
    struct why why = {0};
    ask(&role, &keys, "cn-north-1", NULL);
    check_has(asked, "POST https://sts.cn-north-1.amazonaws.com.cn/\n");
    setenv("AWS_ENDPOINT_URL", "https://aws.test", 1);
    ask(&role, &keys, "us-east-1", NULL);
    check_has(asked, "POST https://aws.test/\n");
    setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:81", 1);
    ask(&role, &keys, "us-east-1", NULL);
    check_has(asked, "POST http://127.0.0.1:81/\n");
    setenv("AWS_ENDPOINT_URL_STS", "http://aws.test", 1);
    ask(&role, &keys, "us-east-1", &why);
    assert_string_equal(asked, "");
    check_has(why.text, "http:// is allowed only to this machine");
    unsetenv("AWS_ENDPOINT_URL_STS");
    unsetenv("AWS_ENDPOINT_URL");
    ask(&role, &keys, NULL, &why);
    check_has(why.text, "needs a region");
}

#define CREDENTIALS(key, end)                                                                      \
    "<Credentials>\n<AccessKeyId>" key "</AccessKeyId>\n<SecretAccessKey>HUSH</SecretAccessKey>\n" \
    "<SessionToken>HUSH/t==</SessionToken>\n<Expiration>" end "</Expiration>\n</Credentials>"

static const char *xml_answer(const char *credentials)
{
    char body[1024];
    snprintf(body, sizeof body,
             "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
             "<AssumeRoleResult><AssumedRoleUser><Arn>a</Arn></AssumedRoleUser>%s"
             "</AssumeRoleResult></AssumeRoleResponse>",
             credentials);
    return fetched_ok(body);
}

static struct credentials_result fetch(const struct rawhttp_step *steps, size_t count,
                                       size_t role_count)
{
    char url[64];
    struct rawhttp_server *server = rawhttp_server_start(steps, count);
    const struct credentials_options options = {.http = http, .region = "us-east-1"};
    struct credentials_plan plan = {
        .from = "profile",
        .base = CREDENTIALS_BASE_KEYS,
        .keys = keys,
        .roles = {{.arn = ARN "/outer", .session = "s1"}, {.arn = ARN "/inner", .session = "s2"}},
        .role_count = role_count};
    snprintf(url, sizeof url, "http://127.0.0.1:%u", rawhttp_server_port(server));
    setenv("AWS_ENDPOINT_URL_STS", url, 1);
    struct credentials_result result = fetched_result(&options, &plan);
    rawhttp_server_requests(server, asked);
    rawhttp_server_stop(server);
    return result;
}

static void roles_are_assumed_one_with_the_other(void **state)
{
    (void)state;
    const struct rawhttp_step steps[] = {
        {.answer = xml_answer(CREDENTIALS("ASIAINNER", "2099-01-01T00:00:00Z"))},
        {.answer = xml_answer(CREDENTIALS("ASIAOUTER", "2099-01-02T00:00:00.000Z"))}};
    struct credentials_result result = fetch(steps, 2, 2);
    assert_string_equal(result.why.text, "");
    assert_string_equal(result.credential.access_key, "ASIAOUTER");
    assert_string_equal(result.credential.secret_key, "HUSH");
    assert_string_equal(result.credential.token, "HUSH/t==");
    assert_int_equal(result.credential.expires_at_s, 4070995200);
    assert_string_equal(result.from, "sts");
    const char *second = strstr(asked + 1, "POST / HTTP/1.1\r\n");
    assert_non_null(second);
    assert_non_null(strstr(asked, "role%2Fr%2Finner&"));
    check_has(second, "role%2Fr%2Fouter&RoleSessionName=s1");
    check_has(second, "X-Amz-Security-Token: HUSH/t==\r\n");
    check_has(second, "Credential=ASIAINNER/");
}

static void a_refusal_says_why_and_no_more(void **state)
{
    (void)state;
    const struct rawhttp_step step = {
        .answer = "HTTP/1.1 403 Forbidden\r\n\r\n<ErrorResponse><Error><Type>Sender</Type>"
                  "<Code>AccessDenied</Code><Message>not authorized\nHUSH</Message></Error>"
                  "</ErrorResponse>"};
    struct credentials_result result = fetch(&step, 1, 1);
    assert_int_equal(result.err, ERR_REFUSED);
    assert_string_equal(result.why.text, "sts: HTTP 403 AccessDenied (not authorized)");
}

static void garbage_is_no_credentials(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "HUSH",
        CREDENTIALS("A", "soon"),
        CREDENTIALS("A", "2099-01-01T00:00:00Z") CREDENTIALS("B", "2099-01-01T00:00:00Z"),
        CREDENTIALS("<b>A</b>", "2099-01-01T00:00:00Z"),
        CREDENTIALS("&lt;A", "2099-01-01T00:00:00Z"),
        CREDENTIALS("", "2099-01-01T00:00:00Z"),
        "<Credentials><AccessKeyId>A</AccessKeyId></Credentials>",
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct why why = {0};
        struct credential found;
        struct credentials_talk talk = {0};
        const struct http_answer answer = {.status = 200, .body = str_of(bodies[i])};
        assert_int_equal(credentials_sts_dialogue.hear(&talk, &answer, &found, &why),
                         CREDENTIALS_HEARD_NOTHING);
        assert_null(strstr(why.text, "HUSH"));
        assert_true(why.text[0] != '\0');
    }
}

static void a_wrong_clock_is_put_right(void **state)
{
    (void)state;
    const struct rawhttp_step steps[] = {
        {.answer = "HTTP/1.1 403 Forbidden\r\nDate: Thu, 18 Jan 2018 08:18:06 GMT\r\n\r\n"
                   "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code>"
                   "<Message>Signature expired</Message></Error></ErrorResponse>"},
        {.answer = "HTTP/1.1 200 OK\r\nDate: Thu, 18 Jan 2018 08:18:07 GMT\r\n\r\n" CREDENTIALS(
             "ASIA1", "2018-01-18T09:18:07Z")}};
    struct credentials_result result = fetch(steps, 2, 1);
    assert_string_equal(result.why.text, "");
    assert_in_range(result.lifetime_ms, 3590 * 1000, 3610 * 1000);
    check_has(asked + strlen("POST / "), "X-Amz-Date: 20180118T08180");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_request_is_signed_for_sts_of_the_region, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(everything_a_role_can_have_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_endpoint_can_be_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(roles_are_assumed_one_with_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_says_why_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_is_no_credentials, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_clock_is_put_right, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
