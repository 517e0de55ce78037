#include "daemon/cli.h"

#include "base/closest.h"
#include "base/log.h"
#include "bridge/policy.h"
#include "daemon/dead.h"
#include "daemon/jobs_command.h"
#include "daemon/loop.h"
#include "daemon/policy_command.h"
#include "daemon/secrecy.h"
#include "daemon/send.h"
#include "daemon/verb.h"
#include "daemon/watch.h"

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
    const char *config;
    enum log_level level;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'c':
        options->config = arg;
        return 0;
    case 'l':
        if (!log_level_parse(str_of(arg), &options->level))
            argp_error(state, "'%s' is no log level: error, warn, info, debug", arg);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "options only, not '%s'; a file is named by --config", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(int argc, char **argv)
{
    static const struct argp_option known[] = {
        VERB_CONFIG_OPTION,
        {"log-level", 'l', "LEVEL", 0, "error, warn, info (the default) or debug", 0},
        {0}};
    static const struct argp argp = {.options = known,
                                     .parser = parse_option,
                                     .doc = "Runs the service until SIGTERM or SIGINT.\v"
                                            "Log lines go to standard error.\n\n"
                                            "Examples:\n"
                                            "  jobs-bridge run\n"
                                            "  jobs-bridge run --config /etc/jobs-bridge/"
                                            "jobs-bridge.yaml --log-level debug\n\n"
                                            "Exits with 0 after a clean stop, 1 when it cannot "
                                            "start, 64 when called wrongly."};
    struct options options = {.level = LOG_INFO};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct config *config = verb_config_with_policy(options.config, NULL);
    if (config == NULL)
        return VERB_REFUSED;
    log_set_level(options.level);
    if (!secrecy_is_whole())
        log_say(LOG_INFO, "start", "built with sanitizers: its memory is open to its own user");
    return loop_run(config, options.config);
}

static void print_broker(const char *title, const struct config_broker *broker)
{
    printf("  %-9s %s, MQTT %s, as %s", title, broker->url, broker->version == 5 ? "5" : "3.1.1",
           broker->client_id);
}

static void print_list(const char *title, const struct config_list *list)
{
    printf("%s", title);
    for (size_t i = 0; i < list->count; i++)
        printf("%s%s", i > 0 ? ", " : " ", list->items[i]);
}

static void print_upstream(const struct config *config)
{
    if (config->upstream.broker.url == NULL)
        return;
    print_broker("upstream", &config->upstream.broker);
    if (config->upstream.things.count > 0) {
        print_list("; notices of", &config->upstream.things);
        print_list(" in", &config->upstream.namespaces);
    }
    puts(config->upstream.commands != 0 ? "; commands" : "");
}

static void print_share(const struct config *config)
{
    struct buf share;
    buf_init(&share, 256);
    config_share(config, &share);
    if (share.n > 0)
        printf("  partition %s\n", buf_text(&share));
    if (config->shared_group != NULL)
        printf("            group %s: see \"Several bridges\" in docs/OPERATIONS.md for what some "
               "brokers lose\n",
               config->shared_group);
    buf_fini(&share);
}

static void print_summary(const char *file, const struct config *config)
{
    struct buf endpoint;
    buf_init(&endpoint, 1024);
    config_endpoint_url(config, &endpoint);
    printf("%s: ok\n", file != NULL ? file : "built-in defaults");
    print_broker("broker", &config->mqtt);
    puts("");
    print_upstream(config);
    printf("  topics    %s/...; notify", config->topics.root);
    for (size_t i = 0; i < config->topics.notify.count; i++)
        printf(" %s", config->topics.notify.items[i]);
    printf("%s\n", config->topics.notify.count == 0 ? " nobody" : "");
    printf("  endpoint  %s%s, region %s\n", buf_text(&endpoint),
           config_is_embedded(config) ? " (embedded)" : "", config->jobs.region);
    print_share(config);
    if (config->policy.rules != NULL)
        printf("  policy    %s, %zu rules\n", config->policy.file, config->policy.rules->count);
    else
        puts("  policy    none: every thing may update every job");
    printf("  state     %s\n", config->state);
    printf("  admin     http://%s%s\n", config->admin.listen,
           config->admin.token_file != NULL ? ", with a token" : "");
    buf_fini(&endpoint);
}

static int check(int argc, char **argv)
{
    static const struct argp_option known[] = {VERB_CONFIG_OPTION, {0}};
    static const struct argp argp = {.options = known,
                                     .parser = parse_option,
                                     .doc = "Names every mistake of the configuration and of the "
                                            "policy, with its line; without one, says what the "
                                            "service would do.\vNothing is connected to, and "
                                            "nothing is changed.\n\n"
                                            "Examples:\n"
                                            "  jobs-bridge check\n"
                                            "  jobs-bridge check --config new.yaml && "
                                            "systemctl restart jobs-bridge\n\n"
                                            "Exits with 0 without a mistake, 1 with one, 64 when "
                                            "called wrongly."};
    struct options options = {0};
    const char *file;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct config *config = verb_config_with_policy(options.config, &file);
    if (config == NULL)
        return VERB_REFUSED;
    print_summary(file, config);
    config_free(config);
    return VERB_OK;
}

static int help(int argc, char **argv);

static int version(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return help(argc, argv);
    if (argc > 1) {
        verb_complain("version takes nothing, not '%s'", argv[1]);
        return VERB_USAGE;
    }
    puts("jobs-bridge " JOBS_BRIDGE_VERSION);
    return VERB_OK;
}

typedef int verb_fn(int argc, char **argv);

static const struct verb {
    const char *name; /* as it is called; also what its own help calls it */
    char *full_name;
    verb_fn *run;
    const char *summary;
} verbs[] = {
    {"run", "jobs-bridge run", run, "the service"},
    {"check", "jobs-bridge check", check, "every mistake of the configuration, with its line"},
    {"send", "jobs-bridge send", send_main, "publish a command, wait, print the answer"},
    {"watch", "jobs-bridge watch", watch_main, "what the service does, as it happens"},
    {"jobs", "jobs-bridge jobs", jobs_command_main, "jobs at the endpoint, without an AWS client"},
    {"policy", "jobs-bridge policy", policy_command_main, "what the policy says of a command"},
    {"dead", "jobs-bridge dead", dead_main, "commands whose answer could not be published"},
    {"version", "jobs-bridge version", version, "the version"},
    {"help", "jobs-bridge help", help, "this text, or that of one verb: help VERB"},
};

static void print_help(FILE *to)
{
    fputs("Usage: jobs-bridge VERB [OPTION...]\n"
          "AWS IoT UpdateJob over MQTT.\n\n",
          to);
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        fprintf(to, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
    fputs("\nThe configuration is that of --config FILE, else of $JOBS_BRIDGE_CONFIG, else of\n"
          "/etc/jobs-bridge/jobs-bridge.yaml, else the built-in defaults.\n",
          to);
}

static int run_verb(const char *name, int argc, char **argv)
{
    char help_option[] = "--help";
    struct closest closest = closest_to(str_of(name));
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        closest_try(&closest, verbs[i].name);
        if (strcmp(name, verbs[i].name) != 0)
            continue;
        argv[0] = verbs[i].full_name;
        if (argc == 2 && strcmp(argv[1], "-h") == 0) /* argp knows -? */
            argv[1] = help_option;
        return verbs[i].run(argc, argv);
    }
    if (name[0] == '-')
        verb_complain("options stand behind the verb: jobs-bridge VERB %s; see 'jobs-bridge help'",
                      name);
    else if (closest.name != NULL)
        verb_complain("there is no verb '%s'; did you mean '%s'?", name, closest.name);
    else
        verb_complain("there is no verb '%s'; see 'jobs-bridge help'", name);
    return VERB_USAGE;
}

static int help(int argc, char **argv)
{
    bool is_verb = argc > 1 && argv[1][0] != '-';
    if (is_verb && strcmp(argv[1], "help") != 0 && strcmp(argv[1], "version") != 0) {
        char option[] = "--help";
        char *words[] = {NULL, option, NULL};
        return run_verb(argv[1], 2, words);
    }
    print_help(stdout);
    return VERB_OK;
}

int cli_main(int argc, char **argv)
{
    argp_err_exit_status = VERB_USAGE;
    signal(SIGPIPE, SIG_IGN); /* a peer that hangs up is an error of one write */
    if (argc < 2) {
        print_help(stderr);
        return VERB_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    return run_verb(name, argc - 1, argv + 1);
}
