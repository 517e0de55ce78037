#include "daemon/jobs_action.h"
#include "tests/check.h"

struct made {
    enum err err;
    struct jobs_request request;
    struct why why;
};

static void make(const char *action, const struct jobs_words *words, struct made *ret)
{
    ret->why = (struct why){0};
    buf_init(&ret->request.path, 1024);
    buf_init(&ret->request.query, 1024);
    buf_init(&ret->request.body, 1024);
    ret->err = jobs_action_find(action)->build(words, &ret->request, &ret->why);
}

static void drop(struct made *made)
{
    buf_fini(&made->request.path);
    buf_fini(&made->request.query);
    buf_fini(&made->request.body);
}

static void check_request(const char *action, const struct jobs_words *words, const char *method,
                          const char *path, const char *query, const char *body)
{
    struct made made;
    make(action, words, &made);
    assert_int_equal(made.err, ERR_NONE);
    assert_string_equal(made.request.method, method);
    assert_string_equal(buf_text(&made.request.path), path);
    assert_string_equal(buf_text(&made.request.query), query);
    assert_string_equal(buf_text(&made.request.body), body);
    drop(&made);
}

static void check_refusal(const char *action, const struct jobs_words *words, const char *problem)
{
    struct made made;
    make(action, words, &made);
    assert_int_equal(made.err, ERR_INVALID);
    check_has(made.why.text, problem);
    drop(&made);
}

static void bare(void **state)
{
    (void)state;
    const struct jobs_words job = {.job = STR("j-1"), .update = " {\"description\":\"d\"}\n"};
    const struct jobs_words thing = {.things = {STR("a:b")}, .thing_count = 1};
    const struct jobs_words none = {0};
    check_request("describe", &job, "GET", "/jobs/j-1", "", "");
    check_request("document", &job, "GET", "/jobs/j-1/job-document", "", "");
    check_request("list", &none, "GET", "/jobs", "maxResults=250", "");
    check_request("update", &job, "PATCH", "/jobs/j-1", "", "{\"description\":\"d\"}");
    check_request("cancel", &job, "PUT", "/jobs/j-1/cancel", "", "{}");
    check_request("delete", &job, "DELETE", "/jobs/j-1", "", "");
    check_request("executions", &job, "GET", "/jobs/j-1/things", "maxResults=250", "");
    check_request("executions", &thing, "GET", "/things/a%3Ab/jobs", "maxResults=250", "");
}

static void with_everything(void **state)
{
    (void)state;
    const struct jobs_words words = {.job = STR("j"),
                                     .namespace = STR("ns"),
                                     .comment = "no \"more\"",
                                     .status = "A B&C",
                                     .update = "{}",
                                     .is_forced = true};
    check_request("list", &words, "GET", "/jobs", "maxResults=250&namespaceId=ns&status=A%20B%26C",
                  "");
    check_request("update", &words, "PATCH", "/jobs/j", "namespaceId=ns", "{}");
    check_request("cancel", &words, "PUT", "/jobs/j/cancel", "force=true",
                  "{\"comment\":\"no \\\"more\\\"\"}");
    check_request("delete", &words, "DELETE", "/jobs/j", "force=true&namespaceId=ns", "");
}

static void create(void **state)
{
    (void)state;
    struct jobs_words words = {.job = STR("j"),
                               .things = {STR("t"), STR("arn:aws:iot:eu-west-1:1:thing/x")},
                               .thing_count = 2,
                               .region = "us-east-1"};
    check_request("create", &words, "PUT", "/jobs/j", "",
                  "{\"targets\":[\"arn:aws:iot:us-east-1:123456789012:thing/t\","
                  "\"arn:aws:iot:eu-west-1:1:thing/x\"],\"document\":\"{}\"}");
    words.thing_count = 1;
    words.namespace = STR("ns");
    words.document = "{\"a\":1}";
    words.description = "d";
    check_request("create", &words, "PUT", "/jobs/j", "",
                  "{\"targets\":[\"arn:aws:iot:us-east-1:123456789012:thing/t\"],"
                  "\"document\":\"{\\\"a\\\":1}\",\"description\":\"d\",\"namespaceId\":\"ns\"}");
    words.region = NULL;
    check_refusal("create", &words, "ARN");
    words.things[0] = STR("a/b");
    check_refusal("create", &words, "thingName");
    words.thing_count = 0;
    check_refusal("create", &words, "--thing");
}

static void refused(void **state)
{
    (void)state;
    const struct jobs_words job = {.job = STR("j"), .things = {STR("t")}, .thing_count = 1};
    const struct jobs_words none = {0};
    const struct jobs_words twice = {.job = STR("j"), .update = "{\"a\":1,\"a\":2}"};
    check_refusal("update", &job, "the update is needed");
    check_refusal("update", &twice, "duplicate");
    check_refusal("executions", &job, "a job or one --thing");
    check_refusal("executions", &none, "a job or one --thing");
    assert_null(jobs_action_find("dance"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bare),
        cmocka_unit_test(with_everything),
        cmocka_unit_test(create),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
