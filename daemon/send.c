#include "daemon/send.h"

#include "base/limits.h"
#include "base/log.h"
#include "daemon/send_run.h"
#include "daemon/verb.h"

#include <argp.h>

#define TIMEOUT_MS 15000
#define RATE_MAX   10000

static const struct argp_option known_options[] = {
    VERB_CONFIG_OPTION,
    {"thing", 't', "THING", 0, "send as this thing; as an operator without it", 0},
    {"job", 'j', "JOB", 0, "the job to update", 0},
    {"namespace", 'n', "NAMESPACE", 0, "the job's namespace, as a level of the topic", 0},
    {"dry-run", 'd', NULL, 0, "ask what would be called, without calling", 0},
    {"timeout", 'w', "TIME", 0, "how long to wait for each answer: 15s", 0},
    {"repeat", 'r', "NUMBER", 0, "send the command so many times, each with a token of its own", 0},
    {"lines", 'l', NULL, 0, "send each line of standard input, one JSON object each", 0},
    {"rate", 'R', "NUMBER", 0, "send at most so many a second", 0},
    {"verbose", 'v', NULL, 0, "say on standard error how long it took; print every answer", 0},
    {0}};

static void check_words(struct argp_state *state, const struct send_options *options)
{
    if (str_is_absent(options->topic.job))
        argp_error(state, "--job is needed: the job to update");
    if (options->json == NULL && !options->has_lines)
        argp_error(state, "the command is needed, as JSON, or - for standard input");
    if (options->json != NULL && options->has_lines)
        argp_error(state, "with --lines the commands come from standard input, not '%s'",
                   options->json);
    if (options->repeat > 0 && options->has_lines)
        argp_error(state, "either --repeat or --lines");
}

/* Options that choose what is sent and to whom. */
static error_t take_option(int key, char *arg, struct argp_state *state)
{
    struct send_options *options = state->input;
    switch (key) {
    case 't':
        options->topic.thing = verb_read_identifier(state, IDENTIFIER_THING, arg);
        return 0;
    case 'j':
        options->topic.job = verb_read_identifier(state, IDENTIFIER_JOB, arg);
        return 0;
    case 'n':
        options->topic.namespace = verb_read_identifier(state, IDENTIFIER_NAMESPACE, arg);
        return 0;
    case 'd':
        options->is_dry_run = true;
        return 0;
    case 'r':
        options->repeat = verb_read_count(state, "--repeat", arg, LIMITS_SEND_COMMANDS);
        return 0;
    case 'l':
        options->has_lines = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct send_options *options = state->input;
    switch (key) {
    case 'c':
        options->config = arg;
        return 0;
    case 'w':
        options->timeout_ms = verb_read_timeout(state, arg);
        return 0;
    case 'R':
        options->per_second = verb_read_count(state, "--rate", arg, RATE_MAX);
        return 0;
    case 'v':
        options->is_verbose = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->json != NULL)
            argp_error(state, "one command at a time, not '%s' as well; see --lines", arg);
        options->json = arg;
        return 0;
    case ARGP_KEY_END:
        check_words(state, options);
        return 0;
    default:
        return take_option(key, arg, state);
    }
}

int send_main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = known_options,
        .parser = parse_option,
        .args_doc = "COMMAND\n--lines",
        .doc = "Publishes a command, waits for the answer and prints it.\vCOMMAND is JSON, or - "
               "for standard input. Without a clientToken it gets a new one. With --repeat or "
               "--lines the answers are printed, one a line, unless standard output is a terminal; "
               "a summary follows on standard error.\n\n"
               "Examples:\n"
               "  jobs-bridge send --thing gateway-1 --job line-1 '{\"description\":\"slower\"}'\n"
               "  jobs-bridge send --job line-1 --dry-run - <update.json\n"
               "  jobs-bridge send --job line-1 --lines --rate 5 <updates.jsonl >answers.jsonl\n\n"
               "Exits with 0 when every command was accepted, 1 when one was rejected or could not "
               "be sent, 2 when one was not answered in time, 64 when called wrongly."};
    struct send_options options = {.timeout_ms = TIMEOUT_MS};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct config *config = verb_config(options.config, NULL);
    if (config == NULL)
        return VERB_USAGE; /* not "rejected": nobody was asked */
    log_set_level(LOG_ERROR);
    int status = send_run(&options, config);
    config_free(config);
    return status;
}
