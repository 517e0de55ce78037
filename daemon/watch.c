#include "daemon/watch.h"

#include "base/due.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/now.h"
#include "daemon/interrupt.h"
#include "daemon/paint.h"
#include "daemon/shown.h"
#include "daemon/verb.h"
#include "daemon/verb_link.h"
#include "daemon/watch_line.h"
#include "topics/topics.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define FILTERS_MAX (2 + CONFIG_NOTIFY_MAX)
#define EVENT_MAX   ((size_t)2 * LIMITS_PACKET_BYTES) /* of an event as it is printed */
#define COUNT_MAX   INT64_C(1000000000)

struct options {
    const char *config;
    struct str thing; /* absent: all, and so below */
    struct str job;
    struct str namespace;
    bool is_json;
    bool has_notify;
    int64_t count;      /* 0: without end */
    int64_t timeout_ms; /* 0: likewise */
};

struct watch {
    const struct options *options;
    const struct config *config;
    struct mqtt *mqtt;
    struct buf filters[FILTERS_MAX]; /* the events', the status's, then one for each of notify */
    size_t filter_count;
    bool has_colours;
    bool was_up;
    int print_error;            /* errno of standard output; EPIPE: its reader has gone away */
    char problem[WHY_TEXT_MAX]; /* the last that was told */
    struct buf statuses[LIMITS_PARTITIONS]; /* as they were last told, by index; empty: not yet */
    struct buf out;
    int64_t seen; /* events of commands that were printed */
};

static const struct argp_option known_options[] = {
    VERB_CONFIG_OPTION,
    {"thing", 't', "THING", 0, "only commands of this thing", 0},
    {"job", 'j', "JOB", 0, "only commands for this job", 0},
    {"namespace", 'n', "NAMESPACE", 0, "only commands in this namespace", 0},
    {"notify", 'N', NULL, 0, "also the notify events that things get", 0},
    {"json", 'J', NULL, 0, "each event as it came, on one line", 0},
    {"count", 'k', "NUMBER", 0, "end after so many events of commands", 0},
    {"timeout", 'w', "TIME", 0, "end after this time: 15s", 0},
    {0}};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'c':
        options->config = arg;
        return 0;
    case 't':
        options->thing = verb_read_identifier(state, IDENTIFIER_THING, arg);
        return 0;
    case 'j':
        options->job = verb_read_identifier(state, IDENTIFIER_JOB, arg);
        return 0;
    case 'n':
        options->namespace = verb_read_identifier(state, IDENTIFIER_NAMESPACE, arg);
        return 0;
    case 'N':
        options->has_notify = true;
        return 0;
    case 'J':
        options->is_json = true;
        return 0;
    case 'k':
        options->count = verb_read_count(state, "--count", arg, COUNT_MAX);
        return 0;
    case 'w':
        options->timeout_ms = verb_read_timeout(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "watch takes options only, not '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool is_member(struct doc_node event, const char *name, struct str wanted)
{
    return str_is_absent(wanted) || str_eq(doc_str(doc_member(event, name)), wanted);
}

static bool is_wanted(const struct options *options, struct doc_node event)
{
    return is_member(event, "thingName", options->thing) &&
           is_member(event, "jobId", options->job) &&
           is_member(event, "namespaceId", options->namespace);
}

/* Whether the topic is that of the dashboard event which the payload says it is. */
static bool is_event_topic(const struct watch *watch, struct doc_node event, struct str topic)
{
    struct buf expected;
    buf_init(&expected, EVENT_MAX);
    event_topic_format(str_of(watch->config->topics.root), doc_str(doc_member(event, "jobId")),
                       &expected);
    bool is_it = str_eq(buf_str(&expected), topic);
    buf_fini(&expected);
    return is_it;
}

/* Likewise of a notify event: its filter matches other topics as well. */
static bool is_notify_topic(const struct watch *watch, struct doc_node event, struct str topic)
{
    const struct config *config = watch->config;
    const struct notify_topic_values values = {
        .prefix = str_of(config->topics.reserved_prefix),
        .root = str_of(config->topics.root),
        .thing = doc_str(doc_member(event, "thingName")),
        .job = doc_str(doc_member(event, "jobId")),
        .namespace = doc_str(doc_member(event, "namespaceId")),
    };
    bool is_it = false;
    for (size_t i = 0; i < config->topics.notify.count && !is_it; i++) {
        struct buf expected;
        struct str template = notify_topic_template(str_of(config->topics.notify.items[i]));
        buf_init(&expected, LIMITS_TOPIC_BYTES);
        is_it = notify_topic_format(template, &values, &expected, NULL) == ERR_NONE &&
                str_eq(buf_str(&expected), topic);
        buf_fini(&expected);
    }
    return is_it;
}

static void add_json(struct watch *watch, struct doc_node event)
{
    struct buf json;
    buf_init(&json, EVENT_MAX);
    doc_write(event, &json);
    shown_json(&watch->out, buf_str(&json));
    buf_add_byte(&watch->out, '\n');
    buf_fini(&json);
}

static void print(struct watch *watch)
{
    fputs(buf_text(&watch->out), stdout);
    buf_clear(&watch->out);
}

/* As it was when we came is news for the person, not an event; so is what it still is when the link
 * is back. */
static void take_status(struct watch *watch, struct buf *known, const struct arrival *arrival,
                        struct doc_node status)
{
    bool is_first = known->n == 0;
    if (str_eq(buf_str(known), arrival->payload))
        return;
    buf_clear(known);
    buf_add(known, arrival->payload);
    if (watch->options->is_json && !is_first)
        add_json(watch, status);
    else
        watch_line_status(status, now_wall_ms() / 1000, watch->has_colours && !is_first,
                          &watch->out);
    if (!is_first)
        print(watch);
    else
        fputs(buf_text(&watch->out), stderr);
    buf_clear(&watch->out);
}

static void take_event(struct watch *watch, const struct arrival *arrival, struct doc_node event,
                       bool is_notify)
{
    if (!is_wanted(watch->options, event) ||
        (watch->options->count > 0 && watch->seen == watch->options->count))
        return;
    if (is_notify)
        watch_line_notify(event, watch->has_colours, &watch->out);
    else
        watch_line_event(event, watch->has_colours, &watch->out);
    if (watch->out.n == 0) {
        verb_complain("on %.*s: no event of a bridge", STR_ARG(arrival->topic));
        return;
    }
    if (watch->options->is_json) {
        buf_clear(&watch->out);
        add_json(watch, event);
    }
    print(watch);
    watch->seen++;
}

/* The status that is told on the topic; NULL: it is another topic. */
static struct buf *find_status(struct watch *watch, struct str topic)
{
    struct str filter = buf_str(&watch->filters[1]);
    int64_t index = 0;
    if (str_eq(topic, filter))
        return &watch->statuses[0];
    if (!str_ends(filter, STR("/+")))
        return NULL;
    struct str folder = {filter.p, filter.n - 1};
    if (!str_starts(topic, folder) ||
        !str_to_int((struct str){topic.p + folder.n, topic.n - folder.n}, 0, LIMITS_PARTITIONS - 1,
                    &index))
        return NULL;
    return &watch->statuses[index];
}

static void take(struct watch *watch, const struct arrival *arrival, struct doc_node event)
{
    struct buf *status = find_status(watch, arrival->topic);
    if (status != NULL)
        take_status(watch, status, arrival, event);
    else if (arrival->is_retained)
        return; /* no event of a bridge is; the broker keeps what somebody else put there */
    else if (is_event_topic(watch, event, arrival->topic))
        take_event(watch, arrival, event, false);
    else if (watch->options->has_notify && is_notify_topic(watch, event, arrival->topic))
        take_event(watch, arrival, event, true);
}

static void on_arrival(void *context, const struct arrival *arrival)
{
    struct watch *watch = context;
    struct doc *doc = NULL;
    struct why why;
    mqtt_acknowledge(watch->mqtt, arrival->ack_ticket);
    if (doc_parse(arrival->payload, LIMITS_PACKET_BYTES, &doc, &why) == ERR_NONE)
        take(watch, arrival, doc_root(doc));
    else if (arrival->payload.n > 0) /* none: a retained message was deleted */
        verb_complain("on %.*s: %s", STR_ARG(arrival->topic), why.text);
    doc_free(doc);
}

static void on_link(void *context, bool is_up)
{
    (void)context; /* tell_link finds out, also what never came up */
    (void)is_up;
}

static void on_delivered(void *context, uint64_t post_id, enum err err)
{
    (void)context; /* nothing is published */
    (void)post_id;
    (void)err;
}

/* Says when the link comes, goes, and why it stays away. */
static void tell_link(struct watch *watch)
{
    bool is_up = mqtt_is_up(watch->mqtt);
    const char *problem = mqtt_last_problem(watch->mqtt);
    if (is_up && !watch->was_up)
        verb_complain("watching %s at %s", buf_text(&watch->filters[0]), watch->config->mqtt.url);
    else if (!is_up && watch->was_up)
        verb_complain("the link is lost: %s; what happens until it is back is not shown", problem);
    else if (!is_up && strcmp(problem, watch->problem) != 0)
        verb_complain("no link to %s: %s; trying again", watch->config->mqtt.url, problem);
    snprintf(watch->problem, sizeof watch->problem, "%s", problem);
    watch->was_up = is_up;
}

static void flush(struct watch *watch)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout))
        watch->print_error = errno != 0 ? errno : EIO;
}

static bool has_enough(const struct watch *watch)
{
    return watch->options->count > 0 && watch->seen >= watch->options->count;
}

static int turn_until_the_end(struct watch *watch)
{
    int64_t until_ms = DUE_NEVER;
    int interrupt = interrupt_open();
    bool is_interrupted = false;
    if (watch->options->timeout_ms > 0)
        until_ms = now_mono_ms() + watch->options->timeout_ms;
    while (!is_interrupted && !has_enough(watch) && watch->print_error == 0 &&
           now_mono_ms() < until_ms) {
        mqtt_turn(watch->mqtt);
        tell_link(watch);
        mqtt_flush(watch->mqtt);
        flush(watch);
        if (!has_enough(watch))
            verb_link_wait(watch->mqtt, &interrupt, 1, until_ms);
        is_interrupted = interrupt_came(interrupt);
    }
    interrupt_close(interrupt);
    if (watch->print_error != 0 && watch->print_error != EPIPE) {
        verb_complain("standard output: %s", strerror(watch->print_error));
        return VERB_REFUSED;
    }
    bool is_over = is_interrupted || has_enough(watch) || watch->print_error == EPIPE;
    if (is_over || (watch->options->count == 0 && watch->was_up))
        return VERB_OK; /* a reader that has gone away has seen what it wanted */
    verb_complain("%lld events until the time was up", (long long)watch->seen);
    return VERB_NO_ANSWER;
}

/* Two templates may have one filter. */
static bool is_new_filter(const struct watch *watch, const struct buf *filter)
{
    for (size_t i = 0; i < watch->filter_count; i++)
        if (str_eq(buf_str(&watch->filters[i]), buf_str(filter)))
            return false;
    return true;
}

static void write_filters(struct watch *watch)
{
    const struct config *config = watch->config;
    struct str root = str_of(config->topics.root);
    struct str job = str_is_absent(watch->options->job) ? STR("+") : watch->options->job;
    event_topic_format(root, job, &watch->filters[0]);
    event_topic_format_status(root, 0, 1, &watch->filters[1]);
    if (config->partition.count > 1)
        buf_add_text(&watch->filters[1], "/+");
    watch->filter_count = 2;
    for (size_t i = 0; watch->options->has_notify && i < config->topics.notify.count; i++) {
        struct buf *filter = &watch->filters[watch->filter_count];
        notify_topic_filter(notify_topic_template(str_of(config->topics.notify.items[i])),
                            str_of(config->topics.reserved_prefix), root, filter);
        if (is_new_filter(watch, filter))
            watch->filter_count++;
        else
            buf_clear(filter);
    }
}

static int watch_with(struct watch *watch)
{
    struct why why = {0};
    const char *filters[FILTERS_MAX];
    write_filters(watch);
    for (size_t i = 0; i < watch->filter_count; i++)
        filters[i] = buf_text(&watch->filters[i]);
    const struct verb_link_options link = {.config = watch->config,
                                           .verb = "watch",
                                           .filters = filters,
                                           .filter_count = watch->filter_count,
                                           .wants_retained = true};
    const struct mqtt_events events = {watch, on_link, on_arrival, on_delivered};
    if (verb_link_new(&link, &events, &watch->mqtt, &why) != ERR_NONE) {
        verb_complain("%s", why.text);
        return VERB_REFUSED;
    }
    int status = turn_until_the_end(watch);
    mqtt_stop(watch->mqtt, VERB_LINK_DISCONNECT_MS);
    mqtt_free(watch->mqtt);
    return status;
}

int watch_main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = known_options,
        .parser = parse_option,
        .doc = "Shows what the service does, as it happens: one line for each command that was "
               "decided.\vWhat was there before is not shown. Ends with SIGINT (Ctrl-C) or "
               "SIGTERM. Changes of the service's own status are shown, too, and not counted.\n\n"
               "Examples:\n"
               "  jobs-bridge watch --thing gateway-1\n"
               "  jobs-bridge watch --json | jq -r 'select(.code) | .code'\n"
               "  jobs-bridge watch --job line-1 --count 1 --timeout 1m\n\n"
               "Exits with 0 at the end, 1 when there can be no link, 2 when the time was up "
               "without a link or before --count events, 64 when called wrongly."};
    struct options options = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct config *config = verb_config(options.config, NULL);
    if (config == NULL)
        return VERB_REFUSED;
    log_set_level(LOG_ERROR);
    struct watch watch = {.options = &options, .config = config};
    watch.has_colours = paint_is_wanted(STDOUT_FILENO);
    for (size_t i = 0; i < FILTERS_MAX; i++)
        buf_init(&watch.filters[i], (size_t)2 * LIMITS_TOPIC_BYTES);
    for (size_t i = 0; i < LIMITS_PARTITIONS; i++)
        buf_init(&watch.statuses[i], LIMITS_PACKET_BYTES);
    buf_init(&watch.out, EVENT_MAX);
    int status = watch_with(&watch);
    for (size_t i = 0; i < FILTERS_MAX; i++)
        buf_fini(&watch.filters[i]);
    for (size_t i = 0; i < LIMITS_PARTITIONS; i++)
        buf_fini(&watch.statuses[i]);
    buf_fini(&watch.out);
    config_free(config);
    return status;
}
