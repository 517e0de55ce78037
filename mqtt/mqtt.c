#include "mqtt/mqtt.h"

#include "base/due.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/now.h"
#include "mqtt/approach.h"
#include "mqtt/dial.h"
#include "mqtt/link.h"
#include "mqtt/reason_code.h"
#include "mqtt/redial.h"
#include "mqtt/setup.h"
#include "mqtt/subscribe.h"

#include <stdlib.h>

/* Packets handled in one turn: more wait for the next, which is due at once. */
#define TURN_PACKETS 1024

/* After this long in a turn no further exchange is begun. With a broker that answers at once a link
 * comes up in one turn, and does not wait for what the other one has to wait for. */
#define EXCHANGES_MS 50

/* Paho looks at its keep alive timer at most this often (a tenth of the interval, within these). */
#define TICK_MIN_MS 100
#define TICK_MAX_MS 5000

/* Links lost so soon after the connect, so many times in a row, look like two clients that take
 * the same client id from each other. MQTT 5 says so, MQTT 3.1.1 cannot. */
#define QUICK_LOSS_MS    5000
#define QUICK_LOSS_COUNT 3

/* How often the TLS files are looked at, and how long an orderly farewell to the broker may take
 * before the link is dialled anew with others. */
#define FILES_EVERY_MS 5000
#define FAREWELL_MS    500

struct mqtt {
    struct setup setup;
    struct mqtt_events events;
    struct approach approach;
    struct link link;
    struct redial redial;
    bool is_up;
    bool has_more;    /* the last turn stopped before everything was handled */
    bool is_unfit;    /* the build is broken: never connects */
    bool stays_down;  /* once it is down */
    int quick_losses; /* in a row */
    int64_t turn_ms;  /* the last turn */
    int64_t spent_ms; /* in exchanges of this attempt */
    int64_t files_ms; /* when the TLS files were looked at last */
    struct mqtt_stats stats;
    struct why problem;
};

/* Paho reads proxies and trace settings from the environment: a proxy nobody configured would see
 * every message, and a trace would print them. libcurl would read the same proxies. */
static void clean_environment(void)
{
    static const char *const names[] = {
        "http_proxy",
        "https_proxy",
        "MQTT_C_CLIENT_TRACE",
        "MQTT_C_CLIENT_TRACE_LEVEL",
        "MQTT_C_CLIENT_TRACE_MAX_LINES",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
}

/* Paho writes down every function it enters and leaves, for a trace nobody will read: a third of
 * its time, unless told that only errors matter. */
static void stop_tracing(void)
{
    MQTTClient_setTraceLevel(MQTTCLIENT_TRACE_ERROR);
}

enum err mqtt_new(const struct mqtt_options *options, const struct mqtt_events *events,
                  struct mqtt **ret, struct why *why)
{
    struct mqtt *mqtt = calloc(1, sizeof *mqtt);
    if (mqtt == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    enum err err = setup_init(&mqtt->setup, options, why);
    if (err != ERR_NONE) {
        free(mqtt);
        return err;
    }
    mqtt->events = *events;
    redial_init(&mqtt->redial, now_mono_ms());
    mqtt->files_ms = now_mono_ms();
    mqtt->stats = options->stats;
    if (mqtt->stats.heard_ms == 0)
        mqtt->stats.heard_ms = now_mono_ms();
    why_set(&mqtt->problem, ERR_DOWN, NULL, "not connected yet");
    clean_environment();
    stop_tracing();
    approach_init(&mqtt->approach, &mqtt->setup.url);
    link_init(&mqtt->link, &mqtt->setup);
    *ret = mqtt;
    return ERR_NONE;
}

enum err mqtt_check(const struct mqtt_options *options, struct why *why)
{
    struct setup setup;
    enum err err = setup_init(&setup, options, why);
    setup_fini(&setup);
    return err;
}

void mqtt_free(struct mqtt *mqtt)
{
    if (mqtt == NULL)
        return;
    approach_fini(&mqtt->approach);
    link_fini(&mqtt->link);
    setup_fini(&mqtt->setup);
    free(mqtt);
}

int mqtt_fd(const struct mqtt *mqtt)
{
    return mqtt->is_up ? mqtt->link.gate.fd : approach_fd(&mqtt->approach);
}

bool mqtt_wants_write(const struct mqtt *mqtt)
{
    return mqtt->is_up && gate_wants_write(&mqtt->link.gate);
}

static int64_t tick_ms(const struct mqtt *mqtt)
{
    int64_t tick = (int64_t)mqtt->link.keep_alive_s * 100;
    if (tick < TICK_MIN_MS)
        return TICK_MIN_MS;
    return tick < TICK_MAX_MS ? tick : TICK_MAX_MS;
}

/* Connected, and not up yet. */
static bool is_subscribing(const struct mqtt *mqtt)
{
    return !mqtt->is_up && mqtt->link.handle != NULL;
}

static bool never_redials(const struct mqtt *mqtt)
{
    return mqtt->is_unfit || mqtt->stays_down;
}

int64_t mqtt_due_ms(const struct mqtt *mqtt)
{
    if (!mqtt->is_up && never_redials(mqtt))
        return DUE_NEVER;
    if (approach_is_under_way(&mqtt->approach))
        return approach_due_ms(&mqtt->approach);
    if (is_subscribing(mqtt))
        return mqtt->turn_ms;
    if (!mqtt->is_up)
        return mqtt->redial.at_ms;
    if (mqtt->has_more || !link_is_connected(&mqtt->link))
        return mqtt->turn_ms;
    return mqtt->turn_ms + tick_ms(mqtt);
}

static void log_down(const struct mqtt *mqtt, const char *event, enum log_level level)
{
    struct log_line line;
    log_start(&line, level, event);
    log_text(&line, "broker", mqtt->setup.options.url);
    log_text(&line, "reason", mqtt->problem.text);
    if (!never_redials(mqtt))
        log_int(&line, "retry_ms", mqtt->redial.at_ms - mqtt->turn_ms);
    log_end(&line);
}

static void suspect_second_client(struct mqtt *mqtt, int code, int64_t up_for_ms)
{
    bool is_quick = up_for_ms < QUICK_LOSS_MS && code == TAP_NO_REASON;
    mqtt->quick_losses = is_quick ? mqtt->quick_losses + 1 : 0;
    if (code != REASON_CODE_TAKEN_OVER && mqtt->quick_losses < QUICK_LOSS_COUNT)
        return;
    mqtt->quick_losses = 0;
    struct log_line line;
    log_start(&line, LOG_ERROR, "mqtt_taken_over");
    log_text(&line, "client_id", mqtt->setup.options.client_id);
    log_text(&line, "msg",
             code == REASON_CODE_TAKEN_OVER
                 ? "a second client, probably another bridge, uses this client_id"
                 : "lost again and again right after the connect: probably a second client, such "
                   "as another bridge, uses this client_id");
    log_end(&line);
}

/* The link is gone: says so, once. */
static void lose(struct mqtt *mqtt)
{
    int code = mqtt->link.gate.tap.disconnect_reason;
    int64_t up_for_ms = mqtt->turn_ms - mqtt->redial.up_ms;
    link_why_lost(&mqtt->link, &mqtt->problem);
    link_close(&mqtt->link);
    mqtt->is_up = mqtt->has_more = false;
    redial_failed(&mqtt->redial, mqtt->turn_ms);
    mqtt->stats.losses++;
    log_down(mqtt, "mqtt_lost", LOG_WARN);
    suspect_second_client(mqtt, code, up_for_ms);
    mqtt->events.on_link(mqtt->events.context, false);
}

static enum err publish_status(struct mqtt *mqtt, const char *payload)
{
    if (mqtt->setup.options.status_topic == NULL)
        return ERR_NONE;
    return link_publish(&mqtt->link, &(struct link_message){
                                         .topic = str_of(mqtt->setup.options.status_topic),
                                         .payload = str_of(payload),
                                         .is_retained = true,
                                         .is_own = true,
                                     });
}

static void has_failed(struct mqtt *mqtt)
{
    redial_failed(&mqtt->redial, mqtt->turn_ms);
    mqtt->stats.failures++;
    log_down(mqtt, "mqtt_refused", mqtt->is_unfit ? LOG_ERROR : LOG_WARN);
}

static enum err go_up(struct mqtt *mqtt)
{
    if (publish_status(mqtt, mqtt->setup.options.status_online) != ERR_NONE)
        return why_set(&mqtt->problem, ERR_DOWN, NULL, "the status cannot be published");
    mqtt->is_up = true;
    mqtt->problem = (struct why){0};
    redial_up(&mqtt->redial, mqtt->turn_ms);
    mqtt->stats.connects++;
    mqtt->stats.heard_ms = mqtt->turn_ms;
    struct log_line line;
    log_start(&line, LOG_INFO, "mqtt_connected");
    log_text(&line, "broker", mqtt->setup.options.url);
    log_text(&line, "client_id", mqtt->setup.options.client_id);
    log_int(&line, "version", mqtt->setup.options.version);
    log_int(&line, "window", (int64_t)mqtt->link.receipts.window.limit);
    log_end(&line);
    mqtt->events.on_link(mqtt->events.context, true);
    return ERR_NONE;
}

/* The loop stood still for it since the turn began, or the exchange before ended. */
static void exchange_is_over(struct mqtt *mqtt, enum err err)
{
    int64_t now_ms = now_mono_ms();
    mqtt->spent_ms += now_ms - mqtt->turn_ms;
    mqtt->turn_ms = now_ms;
    redial_rest(&mqtt->redial, now_ms + mqtt->spent_ms * mqtt->setup.options.pause_factor);
    if (err == ERR_NONE && subscribe_is_done(&mqtt->link))
        err = go_up(mqtt);
    if (err == ERR_NONE)
        return;
    link_close(&mqtt->link);
    has_failed(mqtt);
}

static void connect_over(struct mqtt *mqtt, int fd)
{
    enum err err = dial(&mqtt->link, fd, &mqtt->problem);
    mqtt->is_unfit = err == ERR_INVALID;
    mqtt->spent_ms = 0;
    exchange_is_over(mqtt, err);
}

static void approach_broker(struct mqtt *mqtt)
{
    enum approach_state state = APPROACH_FAILED;
    int fd = -1;
    if (approach_is_under_way(&mqtt->approach) ||
        approach_start(&mqtt->approach, mqtt->turn_ms, MQTT_CONNECT_TIMEOUT_S * INT64_C(1000),
                       &mqtt->problem) == ERR_NONE)
        state = approach_turn(&mqtt->approach, mqtt->turn_ms, &fd, &mqtt->problem);
    if (state == APPROACH_ARRIVED)
        connect_over(mqtt, fd);
    else if (state == APPROACH_FAILED)
        has_failed(mqtt);
}

/* One step towards a link, or some that are quick. */
static void come_up(struct mqtt *mqtt)
{
    int64_t end_ms = mqtt->turn_ms + EXCHANGES_MS;
    if (!is_subscribing(mqtt))
        approach_broker(mqtt);
    while (is_subscribing(mqtt) && mqtt->turn_ms < end_ms)
        exchange_is_over(mqtt, subscribe_step(&mqtt->link, &mqtt->problem));
}

static void report_receipts(struct mqtt *mqtt)
{
    struct receipt receipt;
    while (receipts_take(&mqtt->link.receipts, &receipt)) {
        mqtt->stats.acknowledged++;
        mqtt->stats.heard_ms = mqtt->turn_ms;
        mqtt->events.on_delivered(mqtt->events.context, receipt.post_id, receipt.err);
    }
}

static void report_arrival(struct mqtt *mqtt, struct link_pulled *pulled)
{
    struct arrival arrival;
    link_arrival(&mqtt->link, pulled, &arrival);
    mqtt->events.on_arrival(mqtt->events.context, &arrival);
    link_pulled_free(pulled);
}

/* Until two steps in a row bring nothing: with TLS one alone may only have moved bytes. */
static void take_everything(struct mqtt *mqtt)
{
    int idle = 0;
    int packets = 0;
    while (idle < 2 && packets < TURN_PACKETS) {
        struct link_pulled pulled;
        bool has_progress = link_pull(&mqtt->link, &pulled);
        idle = has_progress ? 0 : idle + 1;
        packets += has_progress ? 1 : 0;
        report_receipts(mqtt);
        if (pulled.message != NULL)
            report_arrival(mqtt, &pulled);
    }
    mqtt->has_more = idle < 2;
}

static void check_health(struct mqtt *mqtt)
{
    struct gate *gate = &mqtt->link.gate;
    if (gate->tap.disconnect_reason != TAP_NO_REASON)
        gate_cut(gate, "the broker said goodbye");
    else if (!mqtt->has_more && !link_is_balanced(&mqtt->link))
        gate_cut(gate, "a message was lost in the MQTT library; the broker will send it again");
    else if (link_is_silent(&mqtt->link, mqtt->turn_ms))
        gate_cut(gate, "the broker does not answer");
}

/* Leaves the broker in peace, which keeps the session, to come back at once. */
static void redial_with_new_files(struct mqtt *mqtt)
{
    bool was_up = mqtt->is_up;
    gate_say_goodbye(&mqtt->link.gate, mqtt->turn_ms + FAREWELL_MS);
    link_close(&mqtt->link);
    mqtt->is_up = mqtt->has_more = false;
    redial_now(&mqtt->redial, mqtt->turn_ms);
    if (was_up)
        mqtt->events.on_link(mqtt->events.context, false);
}

static void look_at_files(struct mqtt *mqtt)
{
    if (mqtt->turn_ms - mqtt->files_ms < FILES_EVERY_MS)
        return;
    mqtt->files_ms = mqtt->turn_ms;
    if (!tls_files_have_changed(&mqtt->setup.files))
        return;
    struct why why = {0};
    if (tls_files_take(&mqtt->setup.files, &why) != ERR_NONE) {
        log_say(LOG_WARN, "mqtt_files", "the old TLS files stay in use: %s: %s", why.field,
                why.text);
        return;
    }
    log_say(LOG_INFO, "mqtt_files", "new TLS files are in use from now on");
    redial_with_new_files(mqtt);
}

void mqtt_turn(struct mqtt *mqtt)
{
    mqtt->turn_ms = now_mono_ms();
    look_at_files(mqtt);
    bool is_coming = approach_is_under_way(&mqtt->approach);
    if (!mqtt->is_up && (is_coming || mqtt->turn_ms >= mqtt_due_ms(mqtt)))
        come_up(mqtt);
    if (!mqtt->is_up)
        return;
    gate_flush(&mqtt->link.gate);
    take_everything(mqtt);
    check_health(mqtt);
    gate_flush(&mqtt->link.gate);
    if (!link_is_connected(&mqtt->link))
        lose(mqtt);
}

void mqtt_retry(struct mqtt *mqtt)
{
    if (!mqtt->is_up)
        redial_now(&mqtt->redial, now_mono_ms());
}

void mqtt_stay_down(struct mqtt *mqtt)
{
    approach_stop(&mqtt->approach);
    if (is_subscribing(mqtt))
        link_close(&mqtt->link);
    mqtt->stays_down = true;
}

size_t mqtt_room(void *context)
{
    const struct mqtt *mqtt = context;
    if (!mqtt->is_up || !link_is_connected(&mqtt->link))
        return 0;
    return window_room(&mqtt->link.receipts.window);
}

enum err mqtt_publish(void *context, const struct post *post)
{
    struct mqtt *mqtt = context;
    if (!mqtt->is_up)
        return ERR_DOWN;
    return link_publish(&mqtt->link, &(struct link_message){
                                         .post_id = post->id,
                                         .topic = post->topic,
                                         .payload = post->payload,
                                         .correlation = post->correlation,
                                         .trace = post->trace,
                                     });
}

void mqtt_acknowledge(void *context, uint64_t ack_ticket)
{
    struct mqtt *mqtt = context;
    link_acknowledge(&mqtt->link, ack_ticket);
}

void mqtt_flush(struct mqtt *mqtt)
{
    if (mqtt->is_up)
        gate_flush(&mqtt->link.gate);
}

void mqtt_stop(struct mqtt *mqtt, int64_t timeout_ms)
{
    struct link *link = &mqtt->link;
    int64_t deadline_ms = now_mono_ms() + timeout_ms;
    if (mqtt->is_up && link_is_connected(link)) {
        size_t limit = link->receipts.window.limit;
        link_settle(link, limit > 0 ? limit - 1 : 0, deadline_ms);
        if (publish_status(mqtt, mqtt->setup.options.status_offline) == ERR_NONE)
            link_settle(link, 0, deadline_ms);
        gate_say_goodbye(&link->gate, deadline_ms);
        log_say(LOG_INFO, "mqtt_closed", "disconnected from the broker");
    }
    link_close(link);
    mqtt->is_up = mqtt->has_more = false;
    mqtt_stay_down(mqtt);
    why_set(&mqtt->problem, ERR_DOWN, NULL, "stopped");
}

struct mqtt_stats mqtt_stats(const struct mqtt *mqtt)
{
    struct mqtt_stats stats = mqtt->stats;
    stats.on_their_way = mqtt->is_up ? mqtt->link.receipts.window.count : 0;
    return stats;
}

bool mqtt_is_up(const struct mqtt *mqtt)
{
    return mqtt->is_up;
}

const char *mqtt_last_problem(const struct mqtt *mqtt)
{
    return mqtt->problem.text;
}
