#include "daemon/wire.h"

#include "base/chance.h"
#include "base/emit.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/now.h"
#include "daemon/state_folder.h"
#include "daemon/survey.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_MAX 4096
/* How often a journal that failed is tried again. */
#define RETRY_MS 1000

static const char *text(struct wire *wire, enum wire_text which)
{
    return buf_text(&wire->texts[which]);
}

/* {"status":"online","version":"0.1.0","since":1700000000}: since this run started. */
static void write_status(struct buf *out, const char *status)
{
    struct emit emit = emit_to(out);
    emit_object(&emit, NULL);
    emit_text(&emit, "status", status);
    emit_text(&emit, "version", JOBS_BRIDGE_VERSION);
    emit_int(&emit, "since", now_wall_ms() / 1000);
    emit_object_end(&emit);
}

static enum err write_texts(struct wire *wire, struct why *why)
{
    const struct config *config = wire->config;
    struct str root = str_of(config->topics.root);
    config_state_path(config, CONFIG_JOURNAL, &wire->texts[WIRE_JOURNAL]);
    config_state_path(config, CONFIG_JOBS_DATABASE, &wire->texts[WIRE_DATABASE]);
    config_state_path(config, CONFIG_CREDENTIALS_FILE, &wire->texts[WIRE_CREDENTIALS_FILE]);
    event_topic_format_status(root, &wire->texts[WIRE_STATUS_TOPIC]);
    write_status(&wire->texts[WIRE_STATUS_ONLINE], "online");
    write_status(&wire->texts[WIRE_STATUS_OFFLINE], "offline");
    for (int i = 0; i < COMMAND_TOPIC_FILTERS; i++)
        command_topic_filter(root, i, &wire->texts[WIRE_FILTERS + i]);
    for (int i = 0; i < WIRE_TEXT_COUNT; i++)
        if (buf_err(&wire->texts[i]) != ERR_NONE)
            return why_set(why, buf_err(&wire->texts[i]), NULL, "a path or topic is too long");
    return ERR_NONE;
}

static enum err start_local(struct wire *wire, struct why *why)
{
    const struct config *config = wire->config;
    if (!config_is_embedded(config)) {
        config_endpoint_url(config, &wire->texts[WIRE_ENDPOINT]);
        return ERR_NONE;
    }
    struct local_options options = {
        .listen = config->embedded.listen,
        .database = text(wire, WIRE_DATABASE),
        .sync = (enum store_sync)config->journal.sync,
        .credentials_file = text(wire, WIRE_CREDENTIALS_FILE),
        .region = config->jobs.region,
    };
    enum err err = local_start(&options, &wire->local, why);
    if (err != ERR_NONE)
        return err;
    /* The port may have been 0: the real one is known now. */
    struct str listen = str_of(config->embedded.listen);
    while (listen.n > 0 && listen.p[listen.n - 1] != ':')
        listen.n--;
    buf_format(&wire->texts[WIRE_ENDPOINT], "http://%.*s%u", STR_ARG(listen),
               local_port(wire->local));
    return ERR_NONE;
}

static void on_reply(void *context, const struct reply *reply)
{
    struct wire *wire = context;
    if (reply->class == FAULT_TRANSIENT || reply->class == FAULT_CREDENTIALS)
        wire->facts.last_fault = reply->fault;
    bridge_on_reply(wire->bridge, reply);
}

static enum err start_http(struct wire *wire, struct why *why)
{
    const struct config *config = wire->config;
    /* One more than the calls, so that credentials can be fetched while all are under way. */
    struct http_options http = {.connections_max = (unsigned)config->jobs.max_in_flight + 1};
    enum err err = http_new(&http, &wire->http, why);
    if (err != ERR_NONE)
        return err;
    const struct credentials_options credentials =
        config_credentials(config, wire->http, text(wire, WIRE_CREDENTIALS_FILE));
    return credentials_open(&credentials, &wire->credentials, why);
}

static enum err start_journal(struct wire *wire, struct why *why)
{
    const struct config *config = wire->config;
    struct journal_options options = {
        .path = text(wire, WIRE_JOURNAL),
        .sync = (enum store_sync)config->journal.sync,
        .bytes_max = config->journal.max_size_bytes,
        .window_ms = config->journal.dedupe_window_ms,
        .stats = wire->facts.journal,
    };
    char set_aside[PATH_MAX];
    enum err err = journal_open(&options, &wire->journal, set_aside, sizeof set_aside, why);
    if (set_aside[0] != '\0')
        log_say(LOG_ERROR, "journal",
                "the journal was damaged and is now %s; a new one was begun, and the commands in "
                "the damaged one have no answer from this bridge",
                set_aside);
    return err;
}

static enum err start_caller(struct wire *wire, struct why *why)
{
    const struct config *config = wire->config;
    struct caller_options caller = {
        .endpoint = text(wire, WIRE_ENDPOINT),
        .region = config->jobs.region,
        .timeout_ms = config->jobs.call_timeout_ms,
        .context = wire,
        .on_reply = on_reply,
        .stats = wire->facts.calls,
    };
    return caller_new(wire->http, wire->credentials, &caller, &wire->caller, why);
}

static void on_link(void *context, bool is_up)
{
    struct wire *wire = context;
    bridge_on_link(wire->bridge, is_up);
}

static void on_arrival(void *context, const struct arrival *arrival)
{
    struct wire *wire = context;
    bridge_on_arrival(wire->bridge, arrival);
}

static void on_delivered(void *context, uint64_t post_id, enum err err)
{
    struct wire *wire = context;
    bridge_on_delivered(wire->bridge, post_id, err);
}

static enum err start_mqtt(struct wire *wire, struct why *why)
{
    const struct config *config = wire->config;
    const char *filters[COMMAND_TOPIC_FILTERS];
    for (int i = 0; i < COMMAND_TOPIC_FILTERS; i++)
        filters[i] = text(wire, (enum wire_text)(WIRE_FILTERS + i));
    struct mqtt_options options = {
        .url = config->mqtt.url,
        .client_id = config->mqtt.client_id,
        .version = (int)config->mqtt.version,
        .keep_alive_s = (int)(config->mqtt.keep_alive_ms / 1000),
        .username = config->mqtt.username,
        .password_file = config->mqtt.password_file,
        .ca_file = config->mqtt.ca_file,
        .cert_file = config->mqtt.cert_file,
        .key_file = config->mqtt.key_file,
        .filters = filters,
        .filter_count = COMMAND_TOPIC_FILTERS,
        .status_topic = text(wire, WIRE_STATUS_TOPIC),
        .status_online = text(wire, WIRE_STATUS_ONLINE),
        .status_offline = text(wire, WIRE_STATUS_OFFLINE),
        .stats = wire->facts.mqtt,
    };
    struct mqtt_events events = {wire, on_link, on_arrival, on_delivered};
    return mqtt_new(&options, &events, &wire->mqtt, why);
}

static int64_t read_mono(void *context)
{
    (void)context;
    return now_mono_ms();
}

static int64_t read_mono_us(void *context)
{
    (void)context;
    return now_mono_us();
}

static int64_t read_wall(void *context)
{
    (void)context;
    return now_wall_ms();
}

static uint64_t draw_below(void *context, uint64_t limit)
{
    (void)context;
    return chance_below(limit);
}

static enum err start_bridge(struct wire *wire, struct why *why)
{
    const struct config *config = wire->config;
    struct bridge_options options = {
        .outcome =
            {
                .root = str_of(config->topics.root),
                .reserved_prefix = str_of(config->topics.reserved_prefix),
                .template_count = config->topics.notify.count,
                .executions = {wire->local, wire->local != NULL ? local_find_execution : NULL},
            },
        .schedule =
            {
                .max_in_flight = (unsigned)config->jobs.max_in_flight,
                .rate_per_second = (double)config->jobs.rate_per_second,
                .burst = (unsigned)config->jobs.burst,
                .coalesces = config->jobs.coalesce != 0,
                .reserve_percent = (unsigned)config->jobs.reserve_percent,
                .waiting_per_thing = (unsigned)config->jobs.waiting_per_thing,
            },
        .deadline_ms = config->jobs.deadline_ms,
        .policy = config->policy.rules,
        .broker = {wire->mqtt, mqtt_room, mqtt_publish, mqtt_acknowledge},
        .verifies = config->jobs.verify != 0,
        .endpoint = {wire->caller, caller_call, caller_describe},
        .journal = {wire->journal, journal_add, journal_decide, journal_finish, journal_bury,
                    journal_find, journal_commit, journal_has_room, journal_totals, journal_each},
        .memory = {wire->journal, journal_remember, journal_each_memory},
        .time = {NULL, read_mono, read_wall, read_mono_us},
        .chance = {NULL, draw_below},
        .books = wire->facts.books,
        .latency = wire->facts.latency,
    };
    for (size_t i = 0; i < config->topics.notify.count; i++)
        options.outcome.templates[i] =
            notify_topic_template(str_of(config->topics.notify.items[i]));
    enum err err = bridge_new(&options, &wire->bridge);
    if (err != ERR_NONE)
        return why_set(why, err, NULL, "%s", err_name(err));
    return bridge_recover(wire->bridge, why);
}

static void stop_core(struct wire *wire)
{
    mqtt_free(wire->mqtt);
    bridge_free(wire->bridge);
    caller_free(wire->caller);
    journal_close(wire->journal);
    wire->mqtt = NULL;
    wire->bridge = NULL;
    wire->caller = NULL;
    wire->journal = NULL;
}

static enum err start_core_once(struct wire *wire, struct why *why)
{
    enum err err = start_journal(wire, why);
    if (err == ERR_NONE)
        err = start_caller(wire, why);
    if (err == ERR_NONE)
        err = start_mqtt(wire, why);
    if (err == ERR_NONE)
        err = start_bridge(wire, why);
    if (err != ERR_NONE)
        stop_core(wire);
    return err;
}

/* A journal that was closed cleanly is not checked when it is opened. Where it is found damaged
 * only then, the next opening checks it and sets it aside. */
static enum err start_core(struct wire *wire, struct why *why)
{
    enum err err = start_core_once(wire, why);
    return err == ERR_DAMAGED ? start_core_once(wire, why) : err;
}

bool wire_has_core(const struct wire *wire)
{
    return wire->bridge != NULL;
}

enum err wire_new(const struct config *config, struct wire **ret, struct why *why)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
    wire->config = config;
    wire->facts.started_mono_ms = now_mono_ms();
    wire->facts.started_at_s = now_wall_ms() / 1000;
    wire->state_folder = -1;
    for (int i = 0; i < WIRE_TEXT_COUNT; i++)
        buf_init(&wire->texts[i], TEXT_MAX);
    snapshot_init(&wire->snapshots);
    supervisor_init(&wire->supervisor);

    enum err err = write_texts(wire, why);
    if (err == ERR_NONE)
        err = state_folder_take(config->state, &wire->state_folder, why);
    if (err == ERR_NONE)
        err = start_local(wire, why);
    if (err == ERR_NONE)
        err = start_http(wire, why);
    if (err == ERR_NONE)
        err = start_core(wire, why);
    const struct admin_options admin = {config->admin.listen, &wire->snapshots};
    if (err == ERR_NONE)
        survey_turn(wire); /* nobody ever sees books that are empty only for want of a turn */
    if (err == ERR_NONE)
        err = admin_start(&admin, &wire->admin, why);
    if (err != ERR_NONE) {
        wire_free(wire);
        return err;
    }
    *ret = wire;
    return ERR_NONE;
}

void wire_free(struct wire *wire)
{
    if (wire == NULL)
        return;
    admin_stop(wire->admin);
    stop_core(wire);
    credentials_free(wire->credentials);
    http_free(wire->http);
    local_stop(wire->local);
    for (int i = 0; i < WIRE_TEXT_COUNT; i++)
        buf_fini(&wire->texts[i]);
    if (wire->state_folder >= 0)
        close(wire->state_folder);
    free(wire);
}

static void say_broken(struct wire *wire, const char *why)
{
    struct snapshot *facts = &wire->facts;
    snprintf(facts->journal_problem, sizeof facts->journal_problem, "%s", why);
}

/* The journal is the only truth: what is in memory goes, and comes back from it. */
static void check_core(struct wire *wire)
{
    const char *reason;
    if (wire_has_core(wire) && bridge_is_broken(wire->bridge, &reason)) {
        log_say(LOG_ERROR, "journal", "%s; nothing is acknowledged until it works again", reason);
        say_broken(wire, reason);
        survey_core(wire);
        stop_core(wire);
        wire->retry_ms = now_mono_ms() + RETRY_MS;
    }
    if (wire_has_core(wire) || now_mono_ms() < wire->retry_ms)
        return;
    struct why why = {0};
    if (start_core(wire, &why) == ERR_NONE) {
        log_say(LOG_INFO, "journal", "works again");
        say_broken(wire, "");
        return;
    }
    log_say(LOG_ERROR, "journal", "%s", why.text);
    say_broken(wire, why.text);
    wire->retry_ms = now_mono_ms() + RETRY_MS;
}

void wire_turn_http(struct wire *wire)
{
    bool is_bad = false;
    http_turn(wire->http);
    credentials_turn(wire->credentials);
    const char *news = credentials_news(wire->credentials, &is_bad);
    if (news != NULL)
        log_say(is_bad ? LOG_WARN : LOG_INFO, "credentials", "%s", news);
}

void wire_turn(struct wire *wire)
{
    wire_turn_http(wire);
    if (wire_has_core(wire)) {
        mqtt_turn(wire->mqtt);
        caller_turn(wire->caller);
        bridge_turn(wire->bridge);
        mqtt_flush(wire->mqtt);
    }
    check_core(wire);
    survey_turn(wire);
}

int64_t wire_due_ms(const struct wire *wire)
{
    if (!wire_has_core(wire))
        return wire->retry_ms;
    if (caller_is_due(wire->caller))
        return now_mono_ms();
    const int64_t dues[] = {bridge_due_ms(wire->bridge), mqtt_due_ms(wire->mqtt),
                            credentials_due_ms(wire->credentials)};
    int64_t first = dues[0];
    for (size_t i = 1; i < COUNT_OF(dues); i++)
        first = dues[i] < first ? dues[i] : first;
    return first;
}
