#include "daemon/policy_command.h"

#include "daemon/policy_trial.h"
#include "daemon/verb.h"
#include "topics/identifier.h"

#include <argp.h>
#include <stdio.h>

#define OUT_MAX ((size_t)2 * WHY_TEXT_MAX)

struct options {
    const char *config;
    struct policy_trial trial;
    const char *action;
    const char *command;
    const char *known;
};

static const struct argp_option known_options[] = {
    VERB_CONFIG_OPTION,
    {"thing", 't', "THING", 0, "the sender; an operator without it", 0},
    {"job", 'j', "JOB", 0, "the job to update", 0},
    {"namespace", 'n', "NAMESPACE", 0, "the job's namespace, as in the topic", 0},
    {"known", 'k', "JSON", 0, "an update of the job that was accepted before", 0},
    {0}};

static void take_word(struct argp_state *state, struct options *options, const char *arg)
{
    if (options->action == NULL && strcmp(arg, "test") == 0)
        options->action = arg;
    else if (options->action == NULL)
        argp_error(state, "there is no action '%s': the only one is test", arg);
    else if (options->command == NULL)
        options->command = arg;
    else
        argp_error(state, "one command at a time, not '%s' as well", arg);
}

static void check_words(struct argp_state *state, const struct options *options)
{
    if (options->action == NULL)
        argp_error(state, "an action is needed: test");
    if (str_is_absent(options->trial.job))
        argp_error(state, "--job is needed: the job to update");
    if (options->command == NULL)
        argp_error(state, "the command is needed, as JSON, or - for standard input");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'c':
        options->config = arg;
        return 0;
    case 't':
        options->trial.thing = verb_read_identifier(state, IDENTIFIER_THING, arg);
        return 0;
    case 'j':
        options->trial.job = verb_read_identifier(state, IDENTIFIER_JOB, arg);
        return 0;
    case 'n':
        options->trial.namespace = verb_read_identifier(state, IDENTIFIER_NAMESPACE, arg);
        return 0;
    case 'k':
        options->known = arg;
        return 0;
    case ARGP_KEY_ARG:
        take_word(state, options, arg);
        return 0;
    case ARGP_KEY_END:
        check_words(state, options);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int try_command(const struct policy *policy, const struct policy_trial *trial)
{
    struct buf out;
    struct why why = {0};
    if (policy == NULL) {
        puts("allowed: there is no policy, policy.file is not set");
        return VERB_OK;
    }
    buf_init(&out, OUT_MAX);
    enum err err = policy_trial_run(policy, trial, &out, &why);
    fputs(buf_text(&out), stdout);
    buf_fini(&out);
    if (err == ERR_NONE || err == ERR_REFUSED)
        return err == ERR_NONE ? VERB_OK : VERB_REFUSED;
    verb_complain("policy test: %s", why.text[0] != '\0' ? why.text : err_name(err));
    return VERB_USAGE;
}

int policy_command_main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = known_options,
        .parser = parse_option,
        .args_doc = "test JSON",
        .doc =
            "Says whether the configured policy allows a command, and by which rule; nothing is "
            "sent.\vJSON may be - for standard input. What a rule with a direction is judged "
            "against is what --known says.\n\n"
            "Examples:\n"
            "  jobs-bridge policy test --thing gateway-1 --job line-1 '{\"description\":\"d\"}'\n"
            "  jobs-bridge policy test --job line-1 --known "
            "'{\"jobExecutionsRolloutConfig\":{\"maximumPerMinute\":10}}' - <update.json\n\n"
            "Exits with 0 when it is allowed, 1 when it is denied, 64 when it is no valid "
            "command or the configuration is wrong."};
    struct options options = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct config *config = verb_config_with_policy(options.config, NULL);
    if (config == NULL)
        return VERB_USAGE;
    struct buf command;
    struct why why;
    int status = VERB_USAGE;
    buf_init(&command, LIMITS_COMMAND_BYTES);
    if (verb_read_json(options.command, LIMITS_COMMAND_BYTES, &command, &why) == ERR_NONE) {
        options.trial.command = buf_str(&command);
        options.trial.known = str_of(options.known);
        status = try_command(config->policy.rules, &options.trial);
    } else {
        verb_complain("policy test: %s", why.text);
    }
    buf_fini(&command);
    config_free(config);
    return status;
}
