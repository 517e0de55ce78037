#include "daemon/plan.h"

#include "base/emit.h"
#include "base/log.h"

#include <stdlib.h>

#define TEXT_MAX 4096

/* What is said to the upstream broker until its link is up blocks the loop, and with it the local
 * commands. One that is mute takes the former at each attempt, and by the latter a part in 21 of
 * the time. The local link gains nothing by either: without it there are no commands to wait. */
#define UPSTREAM_EXCHANGE_MS  2000
#define UPSTREAM_PAUSE_FACTOR 20

/* {"status":"online","version":"0.1.0","since":1700000000}, and of one of several bridges also
 * "partition":{"index":0,"count":2} */
static void write_status(struct buf *out, const struct config *config, const char *status,
                         int64_t since_s)
{
    struct emit emit = emit_to(out);
    emit_object(&emit, NULL);
    emit_text(&emit, "status", status);
    emit_text(&emit, "version", JOBS_BRIDGE_VERSION);
    emit_int(&emit, "since", since_s);
    if (config->partition.count > 1) {
        emit_object(&emit, "partition");
        emit_int(&emit, "index", config->partition.index);
        emit_int(&emit, "count", config->partition.count);
        emit_object_end(&emit);
    }
    emit_object_end(&emit);
}

static enum err write_texts(struct plan *plan, int64_t since_s, struct why *why)
{
    const struct config *config = plan->config;
    struct partition partition = config_partition(config);
    config_state_path(config, CONFIG_JOURNAL, &plan->texts[PLAN_JOURNAL]);
    config_state_path(config, CONFIG_JOBS_DATABASE, &plan->texts[PLAN_DATABASE]);
    config_state_path(config, CONFIG_CREDENTIALS_FILE, &plan->texts[PLAN_CREDENTIALS_FILE]);
    event_topic_format_status(str_of(config->topics.root), partition.index, partition.count,
                              &plan->texts[PLAN_STATUS_TOPIC]);
    write_status(&plan->texts[PLAN_STATUS_ONLINE], config, "online", since_s);
    write_status(&plan->texts[PLAN_STATUS_OFFLINE], config, "offline", since_s);
    for (int i = 0; i < PLAN_TEXT_COUNT; i++)
        if (buf_err(&plan->texts[i]) != ERR_NONE)
            return why_set(why, buf_err(&plan->texts[i]), NULL, "a path or topic is too long");
    return ERR_NONE;
}

/* A partition is a group of its own: who takes the place of its bridge gets what that one got. */
static void add_group(const struct config *config, struct buf *filter)
{
    if (config->shared_group != NULL)
        buf_format(filter, "$share/%s-%lld-of-%lld/", config->shared_group,
                   (long long)config->partition.index, (long long)config->partition.count);
}

/* To those that are wanted, or that an earlier run may have left in the session. */
static enum err add_commands(struct plan *plan, enum side side, struct filters to[SIDE_COUNT])
{
    struct buf filter;
    buf_init(&filter, TEXT_MAX);
    enum err err = ERR_NONE;
    for (int i = 0; i < COMMAND_TOPIC_FILTERS && err == ERR_NONE; i++) {
        buf_clear(&filter);
        if (side == SIDE_LOCAL)
            add_group(plan->config, &filter);
        command_topic_filter(str_of(plan->config->topics.root), i, &filter);
        err = filters_add(&to[side], buf_str(&filter));
    }
    buf_fini(&filter);
    return err;
}

/* All forms of one thing and one namespace. */
static enum err add_notices(struct plan *plan, const char *thing, const char *namespace)
{
    struct buf filter;
    buf_init(&filter, TEXT_MAX);
    enum err err = ERR_NONE;
    for (enum notice_form form = 0; form < NOTICE_FORM_COUNT && err == ERR_NONE; form++) {
        buf_clear(&filter);
        notice_topic_filter(form, str_of(thing), str_of(namespace), &filter);
        err = filters_add(&plan->filters[SIDE_UPSTREAM], buf_str(&filter));
    }
    buf_fini(&filter);
    return err;
}

static enum err add_all_notices(struct plan *plan)
{
    const struct config_list *things = &plan->config->upstream.things;
    const struct config_list *namespaces = &plan->config->upstream.namespaces;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < things->count; i++)
        for (size_t j = 0; j < namespaces->count && err == ERR_NONE; j++)
            err = add_notices(plan, things->items[i], namespaces->items[j]);
    return err;
}

static enum err write_filters(struct plan *plan, struct why *why)
{
    bool has_upstream = plan_has_link(plan, SIDE_UPSTREAM);
    enum err err = add_commands(plan, SIDE_LOCAL, plan->filters);
    if (err == ERR_NONE && has_upstream)
        err = add_all_notices(plan);
    if (err == ERR_NONE && has_upstream)
        err = add_commands(plan, SIDE_UPSTREAM,
                           plan->config->upstream.commands != 0 ? plan->filters : plan->stale);
    return err == ERR_NONE ? ERR_NONE : why_set(why, err, NULL, "%s", err_name(err));
}

enum err plan_new(struct config *config, int64_t since_s, struct plan **ret, struct why *why)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL) {
        config_free(config);
        return why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
    }
    plan->config = config;
    for (int i = 0; i < PLAN_TEXT_COUNT; i++)
        buf_init(&plan->texts[i], TEXT_MAX);
    enum err err = write_texts(plan, since_s, why);
    if (err == ERR_NONE)
        err = write_filters(plan, why);
    if (err != ERR_NONE) {
        plan_free(plan);
        return err;
    }
    *ret = plan;
    return ERR_NONE;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL)
        return;
    credentials_free(plan->credentials);
    http_free(plan->http);
    for (int i = 0; i < PLAN_TEXT_COUNT; i++)
        buf_fini(&plan->texts[i]);
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        filters_fini(&plan->filters[side]);
        filters_fini(&plan->stale[side]);
    }
    config_free(plan->config);
    free(plan);
}

/* The port of the embedded endpoint may be 0 in the configuration: the real one is known now. */
static void find_endpoint(struct plan *plan, const struct local *local)
{
    struct buf *endpoint = &plan->texts[PLAN_ENDPOINT];
    struct str listen = str_of(plan->config->embedded.listen);
    buf_clear(endpoint);
    if (local == NULL) {
        config_endpoint_url(plan->config, endpoint);
        return;
    }
    while (listen.n > 0 && listen.p[listen.n - 1] != ':')
        listen.n--;
    buf_format(endpoint, "http://%.*s%u", STR_ARG(listen), local_port(local));
}

enum err plan_reach(struct plan *plan, const struct local *local, struct why *why)
{
    const struct config *config = plan->config;
    find_endpoint(plan, local);
    /* One more than the calls, so that credentials can be fetched while all are under way. */
    struct http_options http = {.connections_max = (unsigned)config->jobs.max_in_flight + 1};
    enum err err = http_new(&http, &plan->http, why);
    if (err != ERR_NONE)
        return err;
    const struct credentials_options credentials =
        config_credentials(config, plan->http, plan_text(plan, PLAN_CREDENTIALS_FILE));
    return credentials_open(&credentials, &plan->credentials, why);
}

enum err plan_follow(struct plan *plan, const struct plan *old)
{
    enum err err = ERR_NONE;
    for (enum side side = 0; side < SIDE_COUNT && err == ERR_NONE; side++)
        err = filters_add_stale(&plan->stale[side], &old->filters[side], &plan->filters[side]);
    return err;
}

bool plan_has_link(const struct plan *plan, enum side side)
{
    return config_broker(plan->config, side)->url != NULL;
}

void plan_say(const struct plan *plan)
{
    struct buf share;
    buf_init(&share, TEXT_MAX);
    config_share(plan->config, &share);
    if (share.n > 0)
        log_say(LOG_INFO, "partition", "%s", buf_text(&share));
    if (plan->config->shared_group != NULL)
        log_say(LOG_WARN, "partition",
                "mqtt.shared_group: some brokers, Mosquitto 2.0 among them, forget shared "
                "subscriptions when they restart, and lose what comes before this bridge is back");
    buf_fini(&share);
}

const char *plan_text(struct plan *plan, enum plan_text which)
{
    return buf_text(&plan->texts[which]);
}

struct local_options plan_local(struct plan *plan)
{
    return (struct local_options){
        .listen = plan->config->embedded.listen,
        .database = plan_text(plan, PLAN_DATABASE),
        .sync = (enum store_sync)plan->config->journal.sync,
        .credentials_file = plan_text(plan, PLAN_CREDENTIALS_FILE),
        .region = plan->config->jobs.region,
    };
}

struct journal_options plan_journal(struct plan *plan)
{
    return (struct journal_options){
        .path = plan_text(plan, PLAN_JOURNAL),
        .sync = (enum store_sync)plan->config->journal.sync,
        .bytes_max = plan->config->journal.max_size_bytes,
        .window_ms = plan->config->journal.dedupe_window_ms,
    };
}

struct caller_options plan_caller(struct plan *plan)
{
    return (struct caller_options){
        .endpoint = plan_text(plan, PLAN_ENDPOINT),
        .region = plan->config->jobs.region,
        .timeout_ms = plan->config->jobs.call_timeout_ms,
    };
}

/* The status is of use where commands are sent. */
struct mqtt_options plan_mqtt(struct plan *plan, enum side side)
{
    bool takes_commands = side == SIDE_LOCAL || plan->config->upstream.commands != 0;
    struct mqtt_options options = config_mqtt(config_broker(plan->config, side));
    options.filters = (const char *const *)plan->filters[side].items;
    options.filter_count = plan->filters[side].count;
    options.stale_filters = (const char *const *)plan->stale[side].items;
    options.stale_count = plan->stale[side].count;
    if (side == SIDE_UPSTREAM && plan_has_link(plan, SIDE_LOCAL)) {
        options.exchange_ms = UPSTREAM_EXCHANGE_MS;
        options.pause_factor = UPSTREAM_PAUSE_FACTOR;
    }
    if (!takes_commands)
        return options;
    options.status_topic = plan_text(plan, PLAN_STATUS_TOPIC);
    options.status_online = plan_text(plan, PLAN_STATUS_ONLINE);
    options.status_offline = plan_text(plan, PLAN_STATUS_OFFLINE);
    return options;
}

struct bridge_options plan_bridge(const struct plan *plan)
{
    const struct config *config = plan->config;
    struct bridge_options options = {
        .outcome =
            {
                .root = str_of(config->topics.root),
                .reserved_prefix = str_of(config->topics.reserved_prefix),
                .template_count = config->topics.notify.count,
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
        .partition = config_partition(config),
        .policy = config->policy.rules,
        .takes_upstream_commands = config->upstream.commands != 0,
        .verifies = config->jobs.verify != 0,
    };
    for (size_t i = 0; i < config->topics.notify.count; i++)
        options.outcome.templates[i] =
            notify_topic_template(str_of(config->topics.notify.items[i]));
    return options;
}
