#include "jobs/command.h"
#include "tests/jobs/cases.h"

static bool is_accepted(struct str json, struct why *why)
{
    struct command command;
    enum reject reject = command_decode(json, &command, why);
    command_free(&command);
    assert_true(reject == REJECT_NONE || reject == REJECT_INVALID_REQUEST);
    return reject == REJECT_NONE;
}

static void commands_follow_their_vectors(void **state)
{
    (void)state;
    cases_judge("command", 31, is_accepted);
}

static void everything_is_read(void **state)
{
    (void)state;
    struct command command;
    struct str payload =
        STR("{\"things\":[\"a\",\"b:c\"],\"dryRun\":true,\"expiresAt\":1700000000,"
            "\"clientToken\":\"tok\",\"namespaceId\":\"ns\",\"description\":\"d\"}");
    assert_int_equal(command_decode(payload, &command, NULL), REJECT_NONE);
    check_str(command.namespace, "ns");
    check_str(command.client_token, "tok");
    assert_int_equal(command.expires_at_s, 1700000000);
    assert_true(command.is_dry_run);
    assert_int_equal(command.thing_count, 2);
    check_str(command.things[0], "a");
    check_str(command.things[1], "b:c");
    check_str(command.update.member[UPDATE_DESCRIPTION], "\"d\"");
    check_str(command.update.member[UPDATE_TIMEOUT_CONFIG], NULL);
    command_free(&command);
}

static void what_is_not_there_is_absent(void **state)
{
    (void)state;
    struct command command;
    assert_int_equal(command_decode(STR("{\"description\":\"d\"}"), &command, NULL), REJECT_NONE);
    check_str(command.namespace, NULL);
    check_str(command.client_token, NULL);
    assert_int_equal(command.expires_at_s, -1);
    assert_false(command.is_dry_run);
    assert_int_equal(command.thing_count, 0);
    command_free(&command);
}

static void check_token(struct str payload, enum reject expected, const char *token)
{
    struct command command;
    assert_int_equal(command_decode(payload, &command, NULL), expected);
    check_str(command.client_token, token);
    check_str(command.namespace, NULL);
    assert_null(command.things);
    assert_null(command.update.text);
    assert_int_equal(command.expires_at_s, -1);
    command_free(&command);
}

static void a_refusal_echoes_a_valid_token_and_nothing_else(void **state)
{
    (void)state;
    check_token(STR("{\"bad\":1,\"clientToken\":\"tok\",\"namespaceId\":\"n\",\"things\":[\"a\"]}"),
                REJECT_INVALID_REQUEST, "tok");
    check_token(STR("{\"clientToken\":\"tok\"}"), REJECT_INVALID_REQUEST, "tok");
    check_token(STR("{\"bad\":1,\"clientToken\":\"t k\"}"), REJECT_INVALID_REQUEST, NULL);
    check_token(STR("{\"bad\":1,\"clientToken\":\"\"}"), REJECT_INVALID_REQUEST, NULL);
    check_token(STR("{\"bad\":1,\"clientToken\":5}"), REJECT_INVALID_REQUEST, NULL);
    check_token(STR("{\"bad\":1}"), REJECT_INVALID_REQUEST, NULL);
    check_token(STR("[\"clientToken\"]"), REJECT_INVALID_REQUEST, NULL);
    check_token(STR("{\"clientToken\":\"tok\""), REJECT_INVALID_JSON, NULL);
}

static void a_token_too_long_is_not_echoed(void **state)
{
    (void)state;
    struct buf payload;
    buf_init(&payload, 200);
    cases_expand(STR("{\"bad\":1,\"clientToken\":\"<65*t>\"}"), &payload);
    check_token(buf_str(&payload), REJECT_INVALID_REQUEST, NULL);
    buf_fini(&payload);
}

static void what_is_no_json_text_is_invalid_json(void **state)
{
    (void)state;
    static const struct str texts[] = {
        {"", 0},
        STR("{"),
        STR("{\"description\":\"\xff\"}"),
        STR("{\"description\":\"a\",\"description\":\"b\"}"),
        STR("{\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}"),
        STR("{\"description\":\"a\"} x"),
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct command command;
        struct why why = {0};
        assert_int_equal(command_decode(texts[i], &command, &why), REJECT_INVALID_JSON);
        assert_true(why.text[0] != '\0');
        command_free(&command);
    }
}

static void a_payload_may_have_128_kib(void **state)
{
    (void)state;
    struct buf payload;
    buf_init(&payload, LIMITS_COMMAND_BYTES + 1);
    cases_expand(STR("{\"description\":\"d\"}<131053* >"), &payload);
    assert_int_equal(payload.n, LIMITS_COMMAND_BYTES);
    assert_true(is_accepted(buf_str(&payload), NULL));
    buf_add_byte(&payload, ' ');
    struct why why;
    assert_false(is_accepted(buf_str(&payload), &why));
    assert_string_equal(why.text, "the payload has 131073 bytes, at most 131072 are taken");
    buf_fini(&payload);
}

static void a_command_can_be_freed_twice(void **state)
{
    (void)state;
    struct command command;
    assert_int_equal(
        command_decode(STR("{\"timeoutConfig\":{},\"things\":[\"a\"]}"), &command, NULL),
        REJECT_NONE);
    command_free(&command);
    command_free(&command);
    assert_null(command.doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_follow_their_vectors),
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(what_is_not_there_is_absent),
        cmocka_unit_test(a_refusal_echoes_a_valid_token_and_nothing_else),
        cmocka_unit_test(a_token_too_long_is_not_echoed),
        cmocka_unit_test(what_is_no_json_text_is_invalid_json),
        cmocka_unit_test(a_payload_may_have_128_kib),
        cmocka_unit_test(a_command_can_be_freed_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
