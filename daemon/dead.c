#include "daemon/dead.h"

#include "base/closest.h"
#include "base/log.h"
#include "daemon/dead_print.h"
#include "daemon/dead_replay.h"
#include "daemon/verb.h"

#include <argp.h>
#include <stdio.h>

#define TIMEOUT_MS     15000
#define PATH_BYTES_MAX 4096

struct options {
    const char *config;
    const struct action *action;
    uint64_t id; /* 0: none was given */
    bool is_all;
    bool is_json;
    int64_t timeout_ms;
};

/* What an action works with. */
struct work {
    const struct options *options;
    const struct config *config;
    struct dead_letters *letters;
    struct buf text;
};

typedef int action_fn(struct work *work, struct why *why);

struct action {
    const char *name;
    action_fn *run;
    bool needs_id;
};

static int refuse(enum err err, const struct why *why)
{
    verb_complain("%s", why->text[0] != '\0' ? why->text : err_name(err));
    return VERB_REFUSED;
}

static void print(struct work *work)
{
    fputs(buf_text(&work->text), stdout);
    buf_clear(&work->text);
}

static int list(struct work *work, struct why *why)
{
    struct dead_letter letter = {0};
    enum err err;
    while ((err = dead_letter_next(work->letters, letter.id, &letter, why)) == ERR_NONE) {
        if (work->options->is_json)
            dead_print_json(&letter, false, &work->text);
        else
            dead_print_line(&letter, &work->text);
        print(work);
    }
    return err == ERR_NOT_FOUND ? VERB_OK : refuse(err, why);
}

static int show(struct work *work, struct why *why)
{
    struct dead_letter letter;
    enum err err = dead_letter_find(work->letters, work->options->id, &letter, why);
    if (err != ERR_NONE)
        return refuse(err, why);
    if (work->options->is_json)
        dead_print_json(&letter, true, &work->text);
    else
        dead_print_whole(&letter, &work->text);
    print(work);
    return VERB_OK;
}

static int drop_one(struct work *work, uint64_t id, const char *done, struct why *why)
{
    enum err err = dead_letter_drop(work->letters, id, why);
    if (err != ERR_NONE)
        return refuse(err, why);
    printf("dead letter %llu: %s\n", (unsigned long long)id, done);
    return VERB_OK;
}

static int drop(struct work *work, struct why *why)
{
    int64_t count = 0;
    if (!work->options->is_all)
        return drop_one(work, work->options->id, "dropped", why);
    enum err err = dead_letter_drop_all(work->letters, &count, why);
    if (err != ERR_NONE)
        return refuse(err, why);
    printf("%lld dead letters dropped\n", (long long)count);
    return VERB_OK;
}

/* Dropped only when the broker has it: better twice than never. */
static int replay(struct work *work, struct why *why)
{
    struct dead_letter letter;
    enum err err = dead_letter_find(work->letters, work->options->id, &letter, why);
    if (err != ERR_NONE)
        return refuse(err, why);
    if (letter.is_notice) {
        verb_complain(
            "dead letter %llu is a notice of the upstream broker and no command: it cannot "
            "be sent again",
            (unsigned long long)letter.id);
        return VERB_REFUSED;
    }
    if (config_broker(work->config, letter.from)->url == NULL) {
        verb_complain("dead letter %llu came from the upstream broker, and there is none now",
                      (unsigned long long)letter.id);
        return VERB_REFUSED;
    }
    enum verb_exit status = dead_replay(work->config, &letter, work->options->timeout_ms);
    return status == VERB_OK ? drop_one(work, letter.id, "published again", why) : (int)status;
}

static const struct action actions[] = {
    {"list", list, false},
    {"show", show, true},
    {"replay", replay, true},
    {"drop", drop, true},
};

static const struct argp_option known_options[] = {
    VERB_CONFIG_OPTION,
    {"all", 'a', NULL, 0, "drop every dead letter", 0},
    {"json", 'J', NULL, 0, "list and show: one JSON object a line", 0},
    {"timeout", 'w', "TIME", 0, "replay: how long to wait for the broker: 15s", 0},
    {0}};

static void refuse_action(struct argp_state *state, const char *arg)
{
    struct closest closest = closest_to(str_of(arg));
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        closest_try(&closest, actions[i].name);
    if (closest.name != NULL)
        argp_error(state, "there is no action '%s'; did you mean '%s'?", arg, closest.name);
    else
        argp_error(state, "there is no action '%s': list, show, replay or drop", arg);
}

static void take_word(struct argp_state *state, struct options *options, const char *arg)
{
    int64_t id = 0;
    if (options->action != NULL && options->id != 0)
        argp_error(state, "one dead letter at a time, not '%s' as well", arg);
    if (options->action != NULL && !str_to_int(str_of(arg), 1, INT64_MAX, &id))
        argp_error(state, "'%s' is not the number of a dead letter", arg);
    options->id = (uint64_t)id;
    for (size_t i = 0; i < COUNT_OF(actions) && id == 0; i++)
        if (strcmp(arg, actions[i].name) == 0)
            options->action = &actions[i];
    if (options->action == NULL)
        refuse_action(state, arg);
}

static void check_words(struct argp_state *state, const struct options *options)
{
    if (options->action == NULL) {
        argp_error(state, "an action is needed: list, show, replay or drop");
        return; /* never reached, which the compiler does not know */
    }
    bool is_all_fine = options->action->run == drop && options->id == 0;
    if (options->is_all && !is_all_fine)
        argp_error(state, "--all is for drop alone, without a number");
    if (options->action->needs_id && options->id == 0 && !options->is_all)
        argp_error(state, "%s needs the number of a dead letter", options->action->name);
    if (!options->action->needs_id && options->id != 0)
        argp_error(state, "%s takes no number", options->action->name);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'c':
        options->config = arg;
        return 0;
    case 'a':
        options->is_all = true;
        return 0;
    case 'J':
        options->is_json = true;
        return 0;
    case 'w':
        options->timeout_ms = verb_read_timeout(state, arg);
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

static int work_with(const struct options *options, const struct config *config)
{
    struct work work = {.options = options, .config = config};
    struct why why = {0};
    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    buf_init(&work.text, DEAD_PRINT_MAX);
    config_state_path(config, CONFIG_JOURNAL, &path);
    enum err err = dead_letter_open(buf_text(&path), &work.letters, &why);
    int status = err == ERR_NONE ? options->action->run(&work, &why) : refuse(err, &why);
    dead_letter_close(work.letters);
    buf_fini(&work.text);
    buf_fini(&path);
    return status;
}

int dead_main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = known_options,
        .parser = parse_option,
        .args_doc = "list\nshow NUMBER\nreplay NUMBER\ndrop NUMBER\ndrop --all",
        .doc = "Dead letters: commands whose answer or events the broker refused for good.\vreplay "
               "publishes the command again on its topic and drops the letter once the broker has "
               "it. Within the dedupe window one with a clientToken or Correlation Data is "
               "answered again, not called again.\n\n"
               "Examples:\n"
               "  jobs-bridge dead list\n"
               "  jobs-bridge dead show 7 --json | jq .payload\n"
               "  jobs-bridge dead replay 7\n\n"
               "Exits with 0 when it is done, 1 when there is no such letter or the broker refuses "
               "it, 2 when the broker does not take it in time, 64 when called wrongly."};
    struct options options = {.timeout_ms = TIMEOUT_MS};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct config *config = verb_config(options.config, NULL);
    if (config == NULL)
        return VERB_REFUSED;
    log_set_level(LOG_ERROR);
    int status = work_with(&options, config);
    config_free(config);
    return status;
}
