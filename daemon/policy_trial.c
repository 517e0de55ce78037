#include "daemon/policy_trial.h"

#define TITLE_MAX 128

/* As if the update had gone through for the job. */
static enum err learn(struct known *known, const struct policy_trial *trial, struct why *why)
{
    struct record record = {.job = trial->job};
    struct doc *doc = NULL;
    if (str_is_absent(trial->known))
        return ERR_NONE;
    enum err err = doc_parse(trial->known, LIMITS_COMMAND_BYTES, &doc, why);
    if (err == ERR_NONE)
        err = update_decode(doc_root(doc), &record.update, why);
    if (err == ERR_NONE)
        err = known_enter(known, &record);
    if (err == ERR_NONE)
        err = known_leave(known, &record, why);
    update_free(&record.update);
    doc_free(doc);
    return err;
}

static enum err read_command(const struct policy_trial *trial, struct command *command,
                             struct why *why)
{
    if (command_decode(trial->command, command, why) != REJECT_NONE)
        return ERR_INVALID;
    if (!str_is_absent(trial->namespace) && !str_is_absent(command->namespace) &&
        !str_eq(trial->namespace, command->namespace))
        return why_set(why, ERR_INVALID, "namespaceId",
                       "the namespace of the command is another one, '%.*s'",
                       STR_ARG(command->namespace));
    return ERR_NONE;
}

static enum err judge(const struct policy *policy, const struct policy_trial *trial,
                      const struct command *command, const struct known *known, struct buf *out)
{
    struct field_values values;
    struct why why = {0};
    field_read(doc_root(command->doc), &values);
    struct policy_subject subject = {
        .thing = trial->thing,
        .job = trial->job,
        .namespace = str_is_absent(trial->namespace) ? command->namespace : trial->namespace,
        .targets = command->things,
        .target_count = command->thing_count,
        .values = &values,
        .known = known,
    };
    struct policy_decision decision = policy_judge(policy, &subject);
    enum err err = policy_explain(&decision, &why);
    if (err == ERR_NONE) {
        char title[TITLE_MAX];
        policy_rule_title(decision.rule, title, sizeof title);
        buf_format(out, "allowed by %s", title);
    } else {
        buf_format(out, "denied: %s", why.text);
    }
    if (decision.rule != NULL)
        buf_format(out, " (line %zu)", decision.rule->line);
    buf_add_byte(out, '\n');
    return err;
}

enum err policy_trial_run(const struct policy *policy, const struct policy_trial *trial,
                          struct buf *out, struct why *why)
{
    struct command command;
    struct known known;
    known_init(&known, policy->tracked, &(struct port_memory){0});
    enum err err = read_command(trial, &command, why);
    if (err == ERR_NONE)
        err = learn(&known, trial, why);
    if (err == ERR_NONE)
        err = judge(policy, trial, &command, &known, out);
    command_free(&command);
    known_fini(&known);
    return err;
}
