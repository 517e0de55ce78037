#include "jobs/effect.h"
#include "tests/check.h"

#include <stdio.h>

static bool is_seen(const char *body, const char *job)
{
    char description[1024];
    snprintf(description, sizeof description, "{\"documentSource\":\"x\",\"job\":%s}", job);
    return effect_is_seen(str_of(body), str_of(description));
}

static void what_is_there_is_seen(void **state)
{
    (void)state;
    const struct {
        const char *body;
        const char *job;
        bool is_seen;
    } cases[] = {
        {"{\"description\":\"a\"}", "{\"jobId\":\"j\",\"description\":\"a\"}", true},
        {"{\"description\":\"a\"}", "{\"jobId\":\"j\",\"description\":\"b\"}", false},
        {"{\"description\":\"a\"}", "{\"jobId\":\"j\"}", false},
        {"{\"timeoutConfig\":{\"a\":1,\"b\":2}}", "{\"timeoutConfig\":{\"b\":2,\"a\":1}}", true},
        {"{\"timeoutConfig\":{\"a\":1}}", "{\"timeoutConfig\":{\"a\":1,\"b\":2}}", false},
        {"{\"timeoutConfig\":{\"a\":1,\"b\":2}}", "{\"timeoutConfig\":{\"a\":1}}", false},
        {"{\"abortConfig\":{\"l\":[1,2]}}", "{\"abortConfig\":{\"l\":[1,2]}}", true},
        {"{\"abortConfig\":{\"l\":[1,2]}}", "{\"abortConfig\":{\"l\":[2,1]}}", false},
        {"{\"abortConfig\":{\"l\":[1,2]}}", "{\"abortConfig\":{\"l\":[1]}}", false},
        {"{\"abortConfig\":{\"p\":5}}", "{\"abortConfig\":{\"p\":5.0}}", true},
        {"{\"abortConfig\":{\"p\":0.1}}", "{\"abortConfig\":{\"p\":1e-1}}", true},
        {"{\"abortConfig\":{\"p\":true}}", "{\"abortConfig\":{\"p\":1}}", false},
        {"{\"abortConfig\":{\"p\":null}}", "{\"abortConfig\":{}}", false},
        {"{\"description\":\"a\",\"timeoutConfig\":{}}", "{\"description\":\"a\"}", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (is_seen(cases[i].body, cases[i].job) != cases[i].is_seen)
            fail_msg("%s in %s", cases[i].body, cases[i].job);
    }
}

static void what_cannot_be_read_is_not_seen(void **state)
{
    (void)state;
    const char *const descriptions[] = {"", "{", "[]", "{}", "{\"job\":7}", "<html>"};
    for (size_t i = 0; i < COUNT_OF(descriptions); i++)
        assert_false(effect_is_seen(STR("{\"description\":\"a\"}"), str_of(descriptions[i])));
    assert_false(effect_is_seen(STR("{"), STR("{\"job\":{}}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_seen),
        cmocka_unit_test(what_cannot_be_read_is_not_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
