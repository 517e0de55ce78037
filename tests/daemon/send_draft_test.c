#include "daemon/send_draft.h"
#include "tests/check.h"

#include <stdio.h>

static void check_draft(struct send_draft draft, const char *command, const char *payload,
                        const char *token)
{
    struct why why = {0};
    struct buf out;
    buf_init(&out, LIMITS_COMMAND_BYTES);
    snprintf(draft.token, sizeof draft.token, "new");
    assert_int_equal(send_draft_write(&draft, str_of(command), &out, &why), ERR_NONE);
    check_str(buf_str(&out), payload);
    check_str(str_of(draft.token), token);
    buf_fini(&out);
}

static void what_is_missing_is_put_in_front(void **state)
{
    (void)state;
    const struct send_draft plain = {0};
    const struct send_draft dry_run = {.is_dry_run = true};
    const struct send_draft repeated = {.needs_no_token = true};
    check_draft(plain, "{\"a\":1}", "{\"clientToken\":\"new\",\"a\":1}", "new");
    check_draft(plain, "{}", "{\"clientToken\":\"new\"}", "new");
    check_draft(plain, "{\"clientToken\":\"own\"}", "{\"clientToken\":\"own\"}", "own");
    check_draft(repeated, "{\"a\":1}", "{\"clientToken\":\"new\",\"a\":1}", "new");
    check_draft(dry_run, "{}", "{\"clientToken\":\"new\",\"dryRun\":true}", "new");
    check_draft(dry_run, "{\"dryRun\":true}", "{\"clientToken\":\"new\",\"dryRun\":true}", "new");
    check_draft(dry_run, "{\"clientToken\":\"own\",\"a\":1}",
                "{\"dryRun\":true,\"clientToken\":\"own\",\"a\":1}", "own");
}

static void check_refused(struct send_draft draft, struct str command, const char *reason)
{
    struct why why = {0};
    struct buf out;
    buf_init(&out, LIMITS_COMMAND_BYTES);
    assert_int_not_equal(send_draft_write(&draft, command, &out, &why), ERR_NONE);
    check_has(why.text, reason);
    buf_fini(&out);
}

static void what_cannot_be_sent_is_refused(void **state)
{
    (void)state;
    const struct send_draft plain = {0};
    check_refused(plain, STR("[]"), "no JSON object");
    check_refused(plain, STR("{"), "line 1");
    check_refused(plain, STR("{\"clientToken\":\"a.b\"}"), "clientToken");
    check_refused(plain, STR("{\"clientToken\":5}"), "clientToken");
    check_refused((struct send_draft){.is_dry_run = true}, STR("{\"dryRun\":false}"), "no dry run");
    check_refused((struct send_draft){.needs_no_token = true}, STR("{\"clientToken\":\"own\"}"),
                  "--repeat");
}

static void one_that_becomes_too_long_is_refused(void **state)
{
    (void)state;
    struct buf command;
    buf_init(&command, LIMITS_COMMAND_BYTES);
    buf_add_text(&command, "{\"description\":\"");
    while (command.n < LIMITS_COMMAND_BYTES - 2)
        buf_add_byte(&command, 'x');
    buf_add_text(&command, "\"}");
    check_refused((struct send_draft){.token = "new"}, buf_str(&command), "longer than 131072");
    buf_fini(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_put_in_front),
        cmocka_unit_test(what_cannot_be_sent_is_refused),
        cmocka_unit_test(one_that_becomes_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
