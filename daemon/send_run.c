#include "daemon/send_run.h"

#include "base/due.h"
#include "base/now.h"
#include "daemon/interrupt.h"
#include "daemon/paint.h"
#include "daemon/send_draft.h"
#include "daemon/send_feed.h"
#include "daemon/send_flight.h"
#include "daemon/send_tally.h"
#include "daemon/shown.h"
#include "daemon/verb.h"
#include "daemon/verb_link.h"
#include "jobs/doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROGRESS_MS    100
#define TALLY_TEXT_MAX 2048

struct send {
    const struct send_options *options;
    const struct config *config;
    struct mqtt *mqtt;
    struct send_feed feed;
    struct send_flight flight;
    struct send_tally tally;
    bool is_one; /* a single command: what there is to say of it is said in full */
    bool is_feeding;
    bool is_wrong; /* what was to be sent was no command */
    bool prints_answers;
    bool has_progress;
    bool was_linked;
    bool is_interrupted;
    int64_t began_ms;
    int64_t link_ms; /* since when the link is as it is, up or down */
    uint64_t before; /* commands begun before link_ms: the rate starts anew with the link */
    int64_t progress_ms;
    int interrupt;
};

static void wipe_progress(const struct send *send)
{
    if (send->has_progress)
        fputs("\r\033[K", stderr);
}

static void print_answer(const struct send *send, struct str answer)
{
    struct doc *doc = NULL;
    struct buf json;
    struct buf out;
    if (doc_parse(answer, LIMITS_COMMAND_BYTES, &doc, NULL) != ERR_NONE)
        return; /* never: it was parsed to be known as ours */
    buf_init(&json, (size_t)2 * LIMITS_COMMAND_BYTES);
    buf_init(&out, (size_t)8 * LIMITS_COMMAND_BYTES);
    doc_write(doc_root(doc), &json);
    shown_json(&out, buf_str(&json));
    wipe_progress(send);
    puts(buf_text(&out));
    buf_fini(&json);
    buf_fini(&out);
    doc_free(doc);
}

/* What is said of a single command beside its answer. */
static void tell_one(const struct send *send, const struct send_end *end, struct doc_node answer)
{
    long long attempts = (long long)doc_int(doc_member(answer, "attempts"));
    if (!end->is_accepted)
        verb_complain("rejected: %.*s: %.*s", STR_ARG(doc_str(doc_member(answer, "code"))),
                      STR_ARG(doc_str(doc_member(answer, "message"))));
    if (!send->options->is_verbose && isatty(STDERR_FILENO) != 1)
        return;
    if (end->is_accepted)
        verb_complain("accepted in %lld ms, %lld attempt%s", (long long)end->latency_ms, attempts,
                      attempts == 1 ? "" : "s");
    else
        verb_complain("the answer took %lld ms", (long long)end->latency_ms);
}

static void take_answer(struct send *send, const struct send_end *end)
{
    struct doc *doc = NULL;
    if (doc_parse(end->answer, LIMITS_COMMAND_BYTES, &doc, NULL) != ERR_NONE)
        return;
    if (end->is_accepted)
        send_tally_accepted(&send->tally, end->latency_ms);
    else
        send_tally_rejected(&send->tally, doc_str(doc_member(doc_root(doc), "code")),
                            end->latency_ms);
    if (send->prints_answers)
        print_answer(send, end->answer);
    if (send->is_one)
        tell_one(send, end, doc_root(doc));
    doc_free(doc);
}

static void tell_silence(struct send *send, const char *reason)
{
    const char *url = send->config->mqtt.url;
    double seconds = (double)send->options->timeout_ms / 1000;
    wipe_progress(send);
    if (reason != NULL)
        verb_complain("a command was not sent: %s", reason);
    else if (send->is_interrupted)
        verb_complain("interrupted before the answer came");
    else if (!send->was_linked)
        verb_complain("no link to %s within %g s: %s", url, seconds, mqtt_last_problem(send->mqtt));
    else
        verb_complain("no answer within %g s on %s: is the service running at %s?", seconds,
                      buf_text(&send->flight.accepted_topic), url);
}

/* Of many only the first that could not be sent is worth a line: the rest will say the same. */
static void on_end(void *context, const struct send_end *end)
{
    struct send *send = context;
    if (end->is_answered) {
        take_answer(send, end);
        return;
    }
    if (send->is_one || (end->reason != NULL && send->tally.unanswered == 0))
        tell_silence(send, end->reason);
    send_tally_unanswered(&send->tally);
}

static void on_link(void *context, bool is_up)
{
    struct send *send = context;
    send->was_linked = send->was_linked || is_up;
    send->link_ms = now_mono_ms();
    send->before = send->feed.given;
    send_flight_on_link(&send->flight);
}

static void on_arrival(void *context, const struct arrival *arrival)
{
    struct send *send = context;
    mqtt_acknowledge(send->mqtt, arrival->ack_ticket);
    send_flight_on_arrival(&send->flight, arrival);
}

static void on_delivered(void *context, uint64_t post_id, enum err err)
{
    struct send *send = context;
    if (err != ERR_NONE)
        send_flight_on_refused(&send->flight, post_id);
}

/* When the next command may be sent, by the rate. */
static int64_t next_ms(const struct send *send)
{
    uint64_t begun = send->feed.given - send->before + (send->before > 0 ? 1 : 0);
    int64_t per_second = send->options->per_second;
    return per_second == 0 ? 0 : send->link_ms + (int64_t)begun * 1000 / per_second;
}

/* The first one may be begun before there is a link, and its time runs from the start then: so a
 * single command takes no longer than --timeout. */
static bool may_begin(const struct send *send)
{
    bool is_first = send->feed.given == 0;
    return send->is_feeding && send->flight.count < LIMITS_SEND_FLIGHT &&
           (is_first || mqtt_is_up(send->mqtt)) && now_mono_ms() >= next_ms(send);
}

static void stop_feeding(struct send *send, const struct why *why)
{
    send->is_feeding = false;
    if (why == NULL)
        return;
    send->is_wrong = true;
    wipe_progress(send);
    if (send->feed.is_lines)
        verb_complain("line %llu: %s; it and what follows is not sent",
                      (unsigned long long)send->feed.line, why->text);
    else
        verb_complain("the command: %s", why->text);
}

/* False: there is nothing to begin now. */
static bool begin_one(struct send *send)
{
    struct str command;
    struct why why = {0};
    enum send_feed_state state = send_feed_next(&send->feed, &command, &why);
    if (state != SEND_FEED_READY) {
        if (state != SEND_FEED_LATER)
            stop_feeding(send, state == SEND_FEED_WRONG ? &why : NULL);
        return false;
    }
    struct send_draft draft = {.is_dry_run = send->options->is_dry_run,
                               .needs_no_token = send->options->repeat > 1};
    struct send_slot *slot = send_flight_slot(&send->flight);
    snprintf(draft.token, sizeof draft.token, "%s", slot->mark);
    if (send_draft_write(&draft, command, &slot->payload, &why) != ERR_NONE) {
        stop_feeding(send, &why);
        return false;
    }
    snprintf(slot->token, sizeof slot->token, "%s", draft.token);
    int64_t from_ms = send->was_linked ? now_mono_ms() : send->began_ms;
    send_flight_take(&send->flight, slot, from_ms + send->options->timeout_ms);
    if (send->feed.given == send->feed.total)
        stop_feeding(send, NULL);
    return true;
}

static void show_progress(struct send *send)
{
    int64_t now_ms = now_mono_ms();
    struct buf line;
    if (!send->has_progress || now_ms < send->progress_ms)
        return;
    send->progress_ms = now_ms + PROGRESS_MS;
    buf_init(&line, 256);
    send_tally_write_progress(&send->tally, send->feed.total, now_ms - send->began_ms, &line);
    fputs(buf_text(&line), stderr);
    buf_fini(&line);
}

/* Waits for what could change something: nobody reads ahead while there is no place to put it. */
static void wait_for_work(struct send *send)
{
    bool may = may_begin(send);
    if (may && !send->feed.is_lines)
        return;
    int others[] = {send->interrupt, may ? send_feed_fd(&send->feed) : -1};
    int64_t until_ms = send_flight_due_ms(&send->flight);
    if (send->has_progress && send->progress_ms < until_ms)
        until_ms = send->progress_ms;
    if (send->is_feeding && !may && next_ms(send) > now_mono_ms() && next_ms(send) < until_ms)
        until_ms = next_ms(send);
    if (until_ms == DUE_NEVER && !mqtt_is_up(send->mqtt))
        until_ms = send->link_ms + send->options->timeout_ms;
    verb_link_wait(send->mqtt, others, COUNT_OF(others), until_ms);
}

static bool is_given_up(const struct send *send)
{
    return send->flight.count == 0 && !mqtt_is_up(send->mqtt) &&
           now_mono_ms() >= send->link_ms + send->options->timeout_ms;
}

static bool is_over(const struct send *send)
{
    return (!send->is_feeding && send->flight.count == 0) || is_given_up(send);
}

/* Everything is begun before the link comes that may be, so what is no command is told at once. */
static void turn_until_answered(struct send *send)
{
    while (may_begin(send) && begin_one(send))
        continue;
    while (!is_over(send) && !send->is_interrupted) {
        mqtt_turn(send->mqtt);
        while (may_begin(send) && begin_one(send))
            continue;
        send_flight_post(&send->flight, send->mqtt);
        mqtt_flush(send->mqtt);
        send_flight_expire(&send->flight, now_mono_ms());
        show_progress(send);
        fflush(stdout);
        if (!is_over(send))
            wait_for_work(send);
        send->is_interrupted = interrupt_came(send->interrupt);
    }
    if (send->is_interrupted)
        send_flight_expire(&send->flight, DUE_NEVER);
}

static void sum_up(struct send *send)
{
    struct buf text;
    if (!send->was_linked && !send->is_wrong)
        tell_silence(send, NULL);
    wipe_progress(send);
    buf_init(&text, TALLY_TEXT_MAX);
    send_tally_write(&send->tally, &text);
    verb_complain("%s%s", buf_text(&text), send->is_feeding ? "; not every command was sent" : "");
    buf_fini(&text);
}

static int report(struct send *send)
{
    if (!send->is_one)
        sum_up(send);
    if (send->is_wrong)
        return VERB_USAGE;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        verb_complain("standard output: an answer could not be written");
        return VERB_REFUSED;
    }
    return !send->is_one && send->is_feeding ? VERB_NO_ANSWER : (int)send_tally_exit(&send->tally);
}

static enum err connect_to(struct send *send, struct why *why)
{
    const char *filters[] = {buf_text(&send->flight.accepted_topic),
                             buf_text(&send->flight.rejected_topic)};
    const struct verb_link_options link = {.config = send->config,
                                           .verb = "send",
                                           .filters = filters,
                                           .filter_count = COUNT_OF(filters)};
    const struct mqtt_events events = {send, on_link, on_arrival, on_delivered};
    return verb_link_new(&link, &events, &send->mqtt, why);
}

static int send_with(struct send *send)
{
    struct why why = {0};
    if (connect_to(send, &why) != ERR_NONE) {
        verb_complain("%s", why.text);
        return VERB_REFUSED;
    }
    send->interrupt = interrupt_open();
    send->began_ms = send->link_ms = now_mono_ms();
    send->is_feeding = true;
    turn_until_answered(send);
    int status = report(send);
    interrupt_close(send->interrupt);
    mqtt_stop(send->mqtt, VERB_LINK_DISCONNECT_MS);
    return status;
}

/* The one command, checked before anything else is done; or what says that lines will come. */
static enum err read_command(struct send *send, struct buf *text, struct why *why)
{
    const struct send_options *options = send->options;
    if (options->has_lines) {
        send_feed_init_lines(&send->feed);
        return ERR_NONE;
    }
    enum err err = verb_read_json(options->json, LIMITS_COMMAND_BYTES, text, why);
    send_feed_init(&send->feed, buf_str(text), options->repeat > 0 ? (uint64_t)options->repeat : 1);
    return err;
}

/* The caller's trace: OpenTelemetry's names of environment variables. */
static struct trace trace_of_environment(const struct config *config)
{
    struct str parent = str_of(getenv("TRACEPARENT"));
    struct trace trace = trace_of(parent, str_of(getenv("TRACESTATE")));
    if (trace_is_absent(&trace) && parent.n > 0)
        verb_complain("TRACEPARENT is no W3C trace context of version 00; it is ignored");
    else if (!trace_is_absent(&trace) && config->mqtt.version != 5)
        verb_complain("MQTT 3.1.1 has no place for a trace; TRACEPARENT is ignored");
    return trace;
}

static int prepare_and_send(struct send *send)
{
    struct why why = {0};
    struct buf command;
    int status;
    buf_init(&command, LIMITS_COMMAND_BYTES);
    if (read_command(send, &command, &why) != ERR_NONE) {
        verb_complain("the command: %s", why.text);
        status = VERB_USAGE;
    } else if (send_flight_init(&send->flight, str_of(send->config->topics.root),
                                &send->options->topic, &why) != ERR_NONE) {
        verb_complain("%s", why.text);
        status = VERB_REFUSED;
    } else {
        send->flight.context = send;
        send->flight.on_end = on_end;
        send->flight.trace = trace_of_environment(send->config);
        status = send_with(send);
        mqtt_free(send->mqtt);
        send_flight_fini(&send->flight);
    }
    send_feed_fini(&send->feed);
    buf_fini(&command);
    return status;
}

int send_run(const struct send_options *options, const struct config *config)
{
    bool is_many = options->has_lines || options->repeat > 0;
    bool is_on_terminal = isatty(STDOUT_FILENO) == 1;
    struct send send = {
        .options = options,
        .config = config,
        .is_one = !is_many,
        .prints_answers = !is_many || options->is_verbose || !is_on_terminal,
        .has_progress = is_many && paint_is_able(STDERR_FILENO),
    };
    send_tally_init(&send.tally);
    int status = prepare_and_send(&send);
    send_tally_fini(&send.tally);
    return status;
}
