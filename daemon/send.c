#include "daemon/send.h"

#include "base/chance.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/now.h"
#include "daemon/verb.h"
#include "daemon/verb_link.h"
#include "jobs/doc.h"
#include "topics/topics.h"

#include <argp.h>
#include <stdio.h>

#define TIMEOUT_MS      15000
#define TOPIC_BYTES_MAX ((size_t)2 * LIMITS_TOPIC_BYTES) /* what is too long is told as such */
#define TOKEN_DIGITS    32

struct send_options {
    const char *config;
    struct command_topic topic;
    bool is_dry_run;
    int64_t timeout_ms;
    const char *json;
};

struct send {
    const struct send_options *options;
    struct mqtt *mqtt;
    struct buf topic;
    struct buf accepted_topic;
    struct buf rejected_topic;
    struct buf payload;
    char token[LIMITS_CLIENT_TOKEN + 1]; /* by which the answer is known */
    bool is_linked;
    bool is_posted;   /* on the link of now */
    bool is_accepted; /* once there is an answer */
    struct buf answer;
};

static const struct argp_option known_options[] = {
    VERB_CONFIG_OPTION,
    {"thing", 't', "THING", 0, "send as this thing; as an operator without it", 0},
    {"job", 'j', "JOB", 0, "the job to update", 0},
    {"namespace", 'n', "NAMESPACE", 0, "the job's namespace, as a level of the topic", 0},
    {"dry-run", 'd', NULL, 0, "ask what would be called, without calling", 0},
    {"timeout", 'w', "TIME", 0, "how long to wait for the answer: 15s", 0},
    {0}};

static void read_timeout(struct argp_state *state, struct send_options *options, const char *arg)
{
    struct why why;
    if (verb_read_timeout(arg, &options->timeout_ms, &why) != ERR_NONE)
        argp_error(state, "--timeout: %s (expected 100ms to 1h)", why.text);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct send_options *options = state->input;
    switch (key) {
    case 'c':
        options->config = arg;
        return 0;
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
    case 'w':
        read_timeout(state, options, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (options->json != NULL)
            argp_error(state, "one command at a time, not '%s' as well", arg);
        options->json = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->json == NULL || str_is_absent(options->topic.job))
            argp_error(state, "--job and the command are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The command's own token, else a random one. */
static enum err choose_token(struct send *send, struct doc_node command, struct why *why)
{
    struct doc_node token = doc_member(command, "clientToken");
    if (doc_kind_of(token) == DOC_ABSENT) {
        chance_hex(send->token, TOKEN_DIGITS);
        return ERR_NONE;
    }
    if (identifier_check(IDENTIFIER_TOKEN, doc_str(token), why) != ERR_NONE)
        return ERR_INVALID;
    snprintf(send->token, sizeof send->token, "%.*s", STR_ARG(doc_str(token)));
    return ERR_NONE;
}

/* The command as it was given, with the members that are missing put in front. */
static enum err write_payload(struct send *send, struct str command, struct doc_node root,
                              struct why *why)
{
    struct doc_node dry_run = doc_member(root, "dryRun");
    bool has_token = doc_kind_of(doc_member(root, "clientToken")) != DOC_ABSENT;
    bool has_dry_run = doc_kind_of(dry_run) != DOC_ABSENT;
    if (send->options->is_dry_run && has_dry_run && !doc_bool(dry_run))
        return why_set(why, ERR_INVALID, NULL, "it says itself that it is no dry run");
    struct buf *out = &send->payload;
    buf_add_byte(out, '{');
    if (!has_token)
        buf_format(out, "\"clientToken\":\"%s\",", send->token);
    if (send->options->is_dry_run && !has_dry_run)
        buf_add_text(out, "\"dryRun\":true,");
    if (doc_count(root) == 0 && out->n > 1)
        out->n--; /* the last comma */
    buf_add(out, (struct str){command.p + 1, command.n - 1});
    return buf_err(out);
}

static enum err read_command(struct send *send, struct why *why)
{
    struct buf text;
    struct doc *doc = NULL;
    buf_init(&text, LIMITS_COMMAND_BYTES);
    enum err err = verb_read_json(send->options->json, LIMITS_COMMAND_BYTES, &text, why);
    if (err == ERR_NONE)
        err = doc_parse(buf_str(&text), LIMITS_COMMAND_BYTES, &doc, why);
    if (err == ERR_NONE)
        err = choose_token(send, doc_root(doc), why);
    if (err == ERR_NONE)
        err = write_payload(send, buf_str(&text), doc_root(doc), why);
    doc_free(doc);
    buf_fini(&text);
    return err;
}

static enum err write_topics(struct send *send, const char *root, struct why *why)
{
    struct command_topic parts;
    command_topic_format(str_of(root), &send->options->topic, &send->topic);
    result_topic_format(buf_str(&send->topic), true, &send->accepted_topic);
    result_topic_format(buf_str(&send->topic), false, &send->rejected_topic);
    return command_topic_parse(str_of(root), buf_str(&send->topic), &parts, why);
}

/* By the Correlation Data, which MQTT 3.1.1 does not have, else by the token. */
static bool is_ours(const struct send *send, const struct arrival *arrival, struct doc_node answer)
{
    if (!str_is_absent(arrival->correlation))
        return str_eq_text(arrival->correlation, send->token);
    return str_eq_text(doc_str(doc_member(answer, "clientToken")), send->token);
}

static void on_arrival(void *context, const struct arrival *arrival)
{
    struct send *send = context;
    bool is_accepted = str_eq(arrival->topic, buf_str(&send->accepted_topic));
    bool is_rejected = str_eq(arrival->topic, buf_str(&send->rejected_topic));
    struct doc *doc = NULL;
    mqtt_acknowledge(send->mqtt, arrival->ack_ticket);
    if (send->answer.n > 0 || (!is_accepted && !is_rejected) || arrival->is_retained ||
        doc_parse(arrival->payload, LIMITS_COMMAND_BYTES, &doc, NULL) != ERR_NONE)
        return;
    if (is_ours(send, arrival, doc_root(doc))) {
        send->is_accepted = is_accepted;
        doc_write(doc_root(doc), &send->answer);
    }
    doc_free(doc);
}

/* A command lost with the link is sent again under the same token. */
static void on_link(void *context, bool is_up)
{
    struct send *send = context;
    send->is_linked = send->is_linked || is_up;
    send->is_posted = false;
}

static void on_delivered(void *context, uint64_t post_id, enum err err)
{
    (void)context;
    (void)post_id;
    if (err != ERR_NONE)
        verb_complain("the broker refused to take the command");
}

static void post_command(struct send *send)
{
    const struct post post = {.id = 1,
                              .topic = buf_str(&send->topic),
                              .payload = buf_str(&send->payload),
                              .correlation = str_of(send->token)};
    if (!send->is_posted && mqtt_room(send->mqtt) > 0)
        send->is_posted = mqtt_publish(send->mqtt, &post) == ERR_NONE;
}

static void turn_until_answered(struct send *send)
{
    int64_t until_ms = now_mono_ms() + send->options->timeout_ms;
    while (send->answer.n == 0 && now_mono_ms() < until_ms) {
        mqtt_turn(send->mqtt);
        post_command(send);
        mqtt_flush(send->mqtt);
        if (send->answer.n == 0)
            verb_link_wait(send->mqtt, until_ms);
    }
}

static int report(struct send *send, const struct config *config)
{
    struct doc *doc = NULL;
    double seconds = (double)send->options->timeout_ms / 1000;
    if (send->answer.n == 0 && !send->is_linked)
        verb_complain("no link to %s within %g s: %s", config->mqtt.url, seconds,
                      mqtt_last_problem(send->mqtt));
    else if (send->answer.n == 0)
        verb_complain("no answer within %g s on %s: is the service running at %s?", seconds,
                      buf_text(&send->accepted_topic), config->mqtt.url);
    if (send->answer.n == 0)
        return VERB_NO_ANSWER;
    puts(buf_text(&send->answer));
    if (send->is_accepted)
        return VERB_OK;
    if (doc_parse(buf_str(&send->answer), LIMITS_COMMAND_BYTES, &doc, NULL) == ERR_NONE)
        verb_complain("rejected: %.*s: %.*s", STR_ARG(doc_str(doc_member(doc_root(doc), "code"))),
                      STR_ARG(doc_str(doc_member(doc_root(doc), "message"))));
    doc_free(doc);
    return VERB_REFUSED;
}

static enum err connect_to(struct send *send, const struct config *config, struct why *why)
{
    const char *filters[] = {buf_text(&send->accepted_topic), buf_text(&send->rejected_topic)};
    const struct verb_link_options link = {
        .config = config, .verb = "send", .filters = filters, .filter_count = COUNT_OF(filters)};
    const struct mqtt_events events = {send, on_link, on_arrival, on_delivered};
    return verb_link_new(&link, &events, &send->mqtt, why);
}

static int send_with(struct send *send, const struct config *config)
{
    struct why why = {0};
    if (read_command(send, &why) != ERR_NONE) {
        verb_complain("the command: %s", why.text);
        return VERB_USAGE;
    }
    if (write_topics(send, config->topics.root, &why) != ERR_NONE ||
        connect_to(send, config, &why) != ERR_NONE) {
        verb_complain("%s", why.text);
        return VERB_REFUSED;
    }
    turn_until_answered(send);
    int status = report(send, config);
    mqtt_stop(send->mqtt, VERB_LINK_DISCONNECT_MS);
    return status;
}

int send_main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = known_options,
        .parser = parse_option,
        .args_doc = "COMMAND",
        .doc = "Publishes a command, waits for the answer and prints it.\vCOMMAND is JSON, or - "
               "for standard input. Exits with 0 when the command was accepted, 1 when it was "
               "rejected, 2 without an answer."};
    struct send_options options = {.timeout_ms = TIMEOUT_MS};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct config *config = verb_config(options.config, NULL);
    if (config == NULL)
        return VERB_USAGE; /* not "rejected": nobody was asked */
    log_set_level(LOG_ERROR);
    struct send send = {.options = &options};
    buf_init(&send.topic, TOPIC_BYTES_MAX);
    buf_init(&send.accepted_topic, TOPIC_BYTES_MAX);
    buf_init(&send.rejected_topic, TOPIC_BYTES_MAX);
    buf_init(&send.payload, LIMITS_COMMAND_BYTES);
    buf_init(&send.answer, LIMITS_COMMAND_BYTES);
    int status = send_with(&send, config);
    mqtt_free(send.mqtt);
    buf_fini(&send.topic);
    buf_fini(&send.accepted_topic);
    buf_fini(&send.rejected_topic);
    buf_fini(&send.payload);
    buf_fini(&send.answer);
    config_free(config);
    return status;
}
