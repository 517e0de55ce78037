/* Any bytes as the payload of a command. What is accepted is written, read again and unchanged. */
#include "base/utf8.h"
#include "jobs/jobs.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

static void check_token(struct str token)
{
    assert(str_is_absent(token) || (token.n <= LIMITS_CLIENT_TOKEN && pattern_id.matches(token)));
}

static void check_refused(const struct command *command, const struct why *why)
{
    assert(why->text[0] != '\0');
    assert(utf8_is_valid(str_of(why->text)) && utf8_is_valid(str_of(why->field)));
    assert(command->update.text == NULL && command->things == NULL);
}

static void check_accepted(const struct command *command)
{
    assert(!update_is_empty(&command->update));
    assert(command->expires_at_s == -1 || command->expires_at_s > 0);
    assert(command->thing_count <= LIMITS_COMMAND_THINGS);
    for (size_t i = 0; i < command->thing_count; i++)
        assert(pattern_thing_name.matches(command->things[i]));

    struct buf once;
    struct buf twice;
    buf_init(&once, LIMITS_REQUEST_BYTES);
    buf_init(&twice, LIMITS_REQUEST_BYTES);
    update_write(&command->update, &once);
    assert(utf8_is_valid(buf_str(&once)));
    struct command again;
    struct why why;
    enum reject reject = command_decode(buf_str(&once), &again, &why);
    assert(reject == REJECT_NONE || once.n > LIMITS_COMMAND_BYTES);
    if (reject == REJECT_NONE) {
        update_write(&again.update, &twice);
        assert(str_eq(buf_str(&once), buf_str(&twice)));
    }
    command_free(&again);
    buf_fini(&once);
    buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct command command;
    struct why why = {0};
    enum reject reject = command_decode((struct str){(const char *)bytes, n}, &command, &why);
    check_token(command.client_token);
    if (reject == REJECT_NONE)
        check_accepted(&command);
    else
        check_refused(&command, &why);
    command_free(&command);
    return 0;
}
