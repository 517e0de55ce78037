#include "jobs/command.h"

#include "jobs/model.h"

#include <stdlib.h>

static const struct shape_row thing_item = {
    .kind = SHAPE_STRING,
    SHAPE_RANGE(1, LIMITS_THING_NAME),
    .pattern = &pattern_thing_name,
};

static const struct shape_row rows[] = {
    {"namespaceId", SHAPE_STRING, SHAPE_RANGE(1, LIMITS_NAMESPACE_ID), .pattern = &pattern_id},
    {"clientToken", SHAPE_STRING, SHAPE_RANGE(1, LIMITS_CLIENT_TOKEN), .pattern = &pattern_id},
    {"expiresAt", SHAPE_LONG, SHAPE_MIN(1)},
    {.name = "dryRun", .kind = SHAPE_BOOLEAN},
    {"things", SHAPE_LIST, SHAPE_RANGE(1, LIMITS_COMMAND_THINGS), .item = &thing_item},
};

/* At most LIMITS_COMMAND_THINGS names: comparing all pairs is cheap enough. */
static enum err check_things(const struct shape_place *at, struct doc_node things, struct why *why)
{
    for (size_t i = 1; i < doc_count(things); i++) {
        struct doc_node thing = doc_item(things, i);
        for (size_t j = 0; j < i; j++) {
            if (!str_eq(doc_str(thing), doc_str(doc_item(things, j))))
                continue;
            struct shape_place list = {.parent = at, .name = STR("things")};
            struct shape_place place = {.parent = &list, .index = i};
            return shape_refuse(&place, thing, why, "be unique");
        }
    }
    return ERR_NONE;
}

static enum err check_command(const struct shape_place *at, struct doc_node object, struct why *why)
{
    for (enum update_member member = 0; member < UPDATE_MEMBER_COUNT; member++)
        if (doc_kind_of(doc_member(object, update_member_name(member))) != DOC_ABSENT)
            return check_things(at, doc_member(object, "things"), why);
    return why_set(why, ERR_INVALID, NULL,
                   "at least one of abortConfig, description, jobExecutionsRetryConfig, "
                   "jobExecutionsRolloutConfig, presignedUrlConfig, timeoutConfig must be present");
}

static const struct shape shape = {SHAPE_OF(rows), .base = &model_update_job,
                                   .check = check_command};

/* Only a valid one is worth an echo. */
static struct str token_of(struct doc_node object)
{
    struct str token = doc_str(doc_member(object, "clientToken"));
    bool is_valid = token.n <= LIMITS_CLIENT_TOKEN && pattern_id.matches(token);
    return is_valid ? token : STR_NONE;
}

static enum err take_things(struct doc_node things, struct command *command)
{
    size_t count = doc_count(things);
    if (count == 0)
        return ERR_NONE;
    command->things = calloc(count, sizeof *command->things);
    if (command->things == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        command->things[i] = doc_str(doc_item(things, i));
    command->thing_count = count;
    return ERR_NONE;
}

/* The object has been checked. */
static enum err take(struct doc_node object, struct command *command, struct why *why)
{
    struct doc_node expires_at = doc_member(object, "expiresAt");
    command->namespace = doc_str(doc_member(object, "namespaceId"));
    command->is_dry_run = doc_bool(doc_member(object, "dryRun"));
    if (doc_kind_of(expires_at) != DOC_ABSENT)
        command->expires_at_s = doc_int(expires_at);
    enum err err = take_things(doc_member(object, "things"), command);
    return err != ERR_NONE ? err : update_take(object, &command->update, why);
}

static enum reject reject_of(enum err err, enum reject invalid, struct why *why)
{
    if (err == ERR_INVALID)
        return invalid;
    why_set(why, err, NULL, "%s", err_name(err));
    return REJECT_INTERNAL_ERROR;
}

enum reject command_decode(struct str payload, struct command *ret, struct why *why)
{
    *ret = (struct command){.expires_at_s = -1};
    if (payload.n > LIMITS_COMMAND_BYTES) {
        why_set(why, ERR_INVALID, NULL, "the payload has %zu bytes, at most %d are taken",
                payload.n, LIMITS_COMMAND_BYTES);
        return REJECT_INVALID_REQUEST;
    }
    struct command command = *ret;
    enum err err = doc_parse(payload, LIMITS_COMMAND_BYTES, &command.doc, why);
    if (err != ERR_NONE)
        return reject_of(err, REJECT_INVALID_JSON, why);
    struct doc_node object = doc_root(command.doc);
    command.client_token = token_of(object);
    err = shape_check(&shape, object, why);
    if (err == ERR_NONE)
        err = take(object, &command, why);
    if (err == ERR_NONE) {
        *ret = command;
        return REJECT_NONE;
    }
    ret->doc = command.doc;
    ret->client_token = command.client_token;
    free(command.things);
    return reject_of(err, REJECT_INVALID_REQUEST, why);
}

void command_free(struct command *command)
{
    update_free(&command->update);
    free(command->things);
    doc_free(command->doc);
    *command = (struct command){.expires_at_s = -1};
}
