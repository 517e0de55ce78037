#include "daemon/jobs_command.h"

#include "base/closest.h"
#include "daemon/jobs_action.h"
#include "daemon/verb.h"
#include "jobs/doc.h"
#include "topics/identifier.h"

#include <argp.h>
#include <stdio.h>

#define REQUEST_BYTES_MAX ((size_t)256 * 1024)
#define TEXT_BYTES_MAX    (4 * JOBS_CLIENT_ANSWER_BYTES)
#define GIVEN_MAX         32

struct options {
    const char *config;
    bool is_raw;
    const struct jobs_action *action;
    struct jobs_words words;
    char given[GIVEN_MAX]; /* letters of the options that only some actions take */
};

static const struct argp_option known_options[] = {
    VERB_CONFIG_OPTION,
    {"job", 'j', "JOB", 0, "the job, where it is not the second word", 0},
    {"thing", 't', "THING", 0, "a target's name, or its ARN; may be given again", 0},
    {"namespace", 'n', "NAMESPACE", 0, "the job's namespace", 0},
    {"document", 'D', "TEXT", 0, "the job document; {} without it", 0},
    {"description", 'd', "TEXT", 0, "a description", 0},
    {"status", 's', "STATUS", 0, "only those with this status", 0},
    {"comment", 'm', "TEXT", 0, "why it is cancelled", 0},
    {"force", 'f', NULL, 0, "also executions that are in progress", 0},
    {"json", 'J', NULL, 0, "the endpoint's answer as it came", 0},
    {0}};

static void check_identifier(struct argp_state *state, enum identifier what, const char *arg)
{
    struct why why;
    if (identifier_check(what, str_of(arg), &why) != ERR_NONE)
        argp_error(state, "%s", why.text);
}

static void set_job(struct argp_state *state, struct jobs_words *words, const char *arg)
{
    check_identifier(state, IDENTIFIER_JOB, arg);
    if (!str_is_absent(words->job))
        argp_error(state, "one job at a time, not '%s' as well", arg);
    words->job = str_of(arg);
}

static void add_thing(struct argp_state *state, struct jobs_words *words, const char *arg)
{
    if (!str_starts(str_of(arg), STR("arn:")))
        check_identifier(state, IDENTIFIER_THING, arg);
    if (words->thing_count == JOBS_ACTION_THINGS_MAX)
        argp_error(state, "more than %d things", JOBS_ACTION_THINGS_MAX);
    words->things[words->thing_count++] = str_of(arg);
}

static void refuse_action(struct argp_state *state, const char *arg)
{
    struct closest closest = closest_to(str_of(arg));
    for (size_t i = 0; jobs_action_at(i) != NULL; i++)
        closest_try(&closest, jobs_action_at(i)->name);
    if (closest.name != NULL)
        argp_error(state, "there is no action '%s'; did you mean '%s'?", arg, closest.name);
    else
        argp_error(state, "there is no action '%s'", arg);
}

/* The action, then its job, then the update. */
static void take_word(struct argp_state *state, struct options *options, const char *arg)
{
    const struct jobs_action *action = options->action;
    if (action == NULL) {
        options->action = jobs_action_find(arg);
        if (options->action == NULL)
            refuse_action(state, arg);
    } else if (str_is_absent(options->words.job)) {
        set_job(state, &options->words, arg);
    } else if (strcmp(action->name, "update") == 0 && options->words.update == NULL) {
        options->words.update = arg;
    } else {
        argp_error(state, "'%s' is one word too many", arg);
    }
}

static const char *long_name(char key)
{
    const struct argp_option *option = known_options;
    while (option->name != NULL && option->key != key)
        option++;
    return option->name;
}

static void check_words(struct argp_state *state, const struct options *options)
{
    const struct jobs_action *action = options->action;
    if (action == NULL)
        argp_error(state, "an action is needed, such as list; see --help");
    else if (action->needs_job && str_is_absent(options->words.job))
        argp_error(state, "%s needs a job", action->name);
    else if (options->given[strspn(options->given, action->options)] != '\0')
        argp_error(state, "%s does not take --%s", action->name,
                   long_name(options->given[strspn(options->given, action->options)]));
}

/* Options that only some actions take. */
static error_t take_option(int key, const char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    struct jobs_words *words = &options->words;
    size_t n = strlen(options->given);
    switch (key) {
    case 't':
        add_thing(state, words, arg);
        break;
    case 'n':
        check_identifier(state, IDENTIFIER_NAMESPACE, arg);
        words->namespace = str_of(arg);
        break;
    case 'D':
        words->document = arg;
        break;
    case 'd':
        words->description = arg;
        break;
    case 's':
        words->status = arg;
        break;
    case 'm':
        words->comment = arg;
        break;
    case 'f':
        words->is_forced = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (strchr(options->given, key) == NULL && n + 1 < sizeof options->given)
        options->given[n] = (char)key;
    return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'c':
        options->config = arg;
        return 0;
    case 'j':
        set_job(state, &options->words, arg);
        return 0;
    case 'J':
        options->is_raw = true;
        return 0;
    case ARGP_KEY_ARG:
        take_word(state, options, arg);
        return 0;
    case ARGP_KEY_END:
        check_words(state, options);
        return 0;
    default:
        return take_option(key, arg, state);
    }
}

static void print_answer(const struct options *options, const struct jobs_answer *answer)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    if (options->is_raw) {
        buf_add(&text, buf_str(&answer->body));
        buf_add_byte(&text, '\n');
    } else {
        options->action->print(&options->words, buf_str(&answer->body), &text);
    }
    fputs(buf_text(&text), stdout);
    buf_fini(&text);
}

static int report(const struct jobs_client *client, const struct options *options,
                  const struct jobs_answer *answer)
{
    if (answer->fault == FAULT_OK) {
        print_answer(options, answer);
        return VERB_OK;
    }
    if (answer->fault == FAULT_TRANSPORT) {
        verb_complain("no answer from %s: %s", jobs_client_url(client), answer->message);
        return VERB_NO_ANSWER;
    }
    verb_complain("%s: %s", fault_name(answer->fault), answer->message);
    return VERB_REFUSED;
}

/* Puts the answer's nextToken into the query, in place of what stood behind its first_n bytes;
 * false if there is no other page. */
static bool has_next_page(struct jobs_request *request, size_t first_n,
                          const struct jobs_answer *answer)
{
    struct doc *doc = NULL;
    if (answer->fault != FAULT_OK ||
        doc_parse(buf_str(&answer->body), JOBS_CLIENT_ANSWER_BYTES, &doc, NULL) != ERR_NONE)
        return false;
    struct str token = doc_str(doc_member(doc_root(doc), "nextToken"));
    bool has_next = token.n > 0;
    request->query.n = first_n;
    if (has_next)
        jobs_action_add_query(request, "nextToken", token);
    doc_free(doc);
    return has_next && buf_err(&request->query) == ERR_NONE;
}

static int ask_all_pages(struct jobs_client *client, const struct options *options,
                         struct jobs_request *request)
{
    struct jobs_answer answer;
    int status;
    size_t first_n = request->query.n;
    buf_init(&answer.body, JOBS_CLIENT_ANSWER_BYTES);
    do {
        enum err err = jobs_client_ask(client, request, &answer);
        if (err != ERR_NONE) {
            verb_complain("the request: %s", err_name(err));
            status = VERB_REFUSED;
            break;
        }
        status = report(client, options, &answer);
    } while (has_next_page(request, first_n, &answer));
    buf_fini(&answer.body);
    return status;
}

static int ask_with(const struct options *options, const struct config *config,
                    struct jobs_request *request)
{
    struct why why = {0};
    struct jobs_client *client = NULL;
    if (options->action->build(&options->words, request, &why) != ERR_NONE) {
        verb_complain("jobs %s: %s", options->action->name, why.text);
        return VERB_USAGE;
    }
    if (jobs_client_new(config, &client, &why) != ERR_NONE) {
        verb_complain("%s", why.text);
        return VERB_REFUSED;
    }
    int status = ask_all_pages(client, options, request);
    jobs_client_free(client);
    return status;
}

static char *write_help(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    struct buf help;
    buf_init(&help, 4096);
    buf_add_text(&help, "Actions:\n");
    for (size_t i = 0; jobs_action_at(i) != NULL; i++)
        buf_format(&help, "  %s%s%s\n", jobs_action_at(i)->name,
                   jobs_action_at(i)->summary[0] != '\0' ? " " : "", jobs_action_at(i)->summary);
    buf_add_text(&help, "UPDATE is JSON, or - for standard input.\n\n"
                        "Examples:\n"
                        "  jobs-bridge jobs create line-1 --thing gateway-1 --namespace my-ns\n"
                        "  jobs-bridge jobs list --status IN_PROGRESS\n"
                        "  jobs-bridge jobs update line-1 '{\"description\":\"slower\"}'\n\n"
                        "Exits with 0 when it is done, 1 when the endpoint says no, 2 when it does "
                        "not answer, 64 when called wrongly.\n");
    char *copy = str_dup(buf_str(&help));
    buf_fini(&help);
    return copy;
}

int jobs_command_main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = known_options,
        .parser = parse_option,
        .args_doc = "ACTION [JOB]",
        .doc = "Jobs at the configured endpoint, with the configured credentials.\v ",
        .help_filter = write_help};
    struct options options = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct config *config = verb_config(options.config, NULL);
    if (config == NULL)
        return VERB_REFUSED;
    if (config_is_embedded(config))
        options.words.region = config->jobs.region;
    struct jobs_request request = {0};
    buf_init(&request.path, REQUEST_BYTES_MAX);
    buf_init(&request.query, REQUEST_BYTES_MAX);
    buf_init(&request.body, REQUEST_BYTES_MAX);
    int status = ask_with(&options, config, &request);
    buf_fini(&request.path);
    buf_fini(&request.query);
    buf_fini(&request.body);
    config_free(config);
    return status;
}
