#include "daemon/wire.h"

#include "base/chance.h"
#include "base/log.h"
#include "base/now.h"
#include "daemon/state_folder.h"
#include "daemon/survey.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How often a journal that failed is tried again. */
#define RETRY_MS 1000

static enum err start_local(struct wire *wire, struct why *why)
{
    const struct local_options options = plan_local(wire->plan);
    return config_is_embedded(wire->plan->config) ? local_start(&options, &wire->local, why)
                                                  : ERR_NONE;
}

static void on_reply(void *context, const struct reply *reply)
{
    struct wire *wire = context;
    if (reply->class == FAULT_TRANSIENT || reply->class == FAULT_CREDENTIALS)
        wire->facts.last_fault = reply->fault;
    bridge_on_reply(wire->bridge, reply);
}

static enum err start_journal(struct wire *wire, struct why *why)
{
    struct journal_options options = plan_journal(wire->plan);
    options.stats = wire->facts.journal;
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
    struct caller_options options = plan_caller(wire->plan);
    options.context = wire;
    options.on_reply = on_reply;
    options.stats = wire->facts.calls;
    return caller_new(wire->plan->http, wire->plan->credentials, &options, &wire->caller, why);
}

static void on_link(void *context, bool is_up)
{
    const struct wire_link *end = context;
    bridge_on_link(end->wire->bridge, end->side, is_up);
}

static void on_arrival(void *context, const struct arrival *arrival)
{
    const struct wire_link *end = context;
    struct arrival from_there = *arrival;
    from_there.from = end->side;
    bridge_on_arrival(end->wire->bridge, &from_there);
}

static void on_delivered(void *context, uint64_t post_id, enum err err)
{
    const struct wire_link *end = context;
    bridge_on_delivered(end->wire->bridge, end->side, post_id, err);
}

static enum err start_link(struct wire *wire, enum side side, struct why *why)
{
    wire->ends[side] = (struct wire_link){wire, side};
    struct mqtt_options options = plan_mqtt(wire->plan, side);
    options.stats = wire->facts.links[side].stats;
    struct mqtt_events events = {&wire->ends[side], on_link, on_arrival, on_delivered};
    return mqtt_new(&options, &events, &wire->links[side], why);
}

static enum err start_links(struct wire *wire, struct why *why)
{
    enum err err = ERR_NONE;
    for (enum side side = 0; side < SIDE_COUNT && err == ERR_NONE; side++)
        if (plan_has_link(wire->plan, side))
            err = start_link(wire, side, why);
    return err;
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

static void on_decided(void *context, const struct decision *decision)
{
    struct wire *wire = context;
    if (news_add(wire->news, decision, now_wall_ms()) && wire->admin != NULL)
        admin_wake(wire->admin);
}

static enum err start_bridge(struct wire *wire, struct why *why)
{
    struct bridge_options options = plan_bridge(wire->plan);
    options.outcome.executions =
        (struct port_executions){wire->local, wire->local != NULL ? local_find_execution : NULL};
    for (enum side side = 0; side < SIDE_COUNT; side++)
        if (wire->links[side] != NULL)
            options.brokers[side] =
                (struct port_broker){wire->links[side], mqtt_room, mqtt_publish, mqtt_acknowledge};
    options.endpoint = (struct port_endpoint){wire->caller, caller_call, caller_describe};
    options.journal = (struct port_journal){
        wire->journal, journal_add,    journal_decide,   journal_finish, journal_bury,
        journal_find,  journal_commit, journal_has_room, journal_totals, journal_each};
    options.memory = (struct port_memory){wire->journal, journal_remember, journal_each_memory};
    options.time = (struct port_time){NULL, read_mono, read_wall, read_mono_us};
    options.chance = (struct port_chance){NULL, draw_below};
    options.watch = (struct port_watch){wire, on_decided};
    options.books = wire->facts.books;
    options.latency = wire->facts.latency;
    enum err err = bridge_new(&options, &wire->bridge);
    if (err != ERR_NONE)
        return why_set(why, err, NULL, "%s", err_name(err));
    return bridge_recover(wire->bridge, why);
}

static void stop_core(struct wire *wire)
{
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        mqtt_free(wire->links[side]);
        wire->links[side] = NULL;
    }
    bridge_free(wire->bridge);
    caller_free(wire->caller);
    journal_close(wire->journal);
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
        err = start_links(wire, why);
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

static enum err start_admin(struct wire *wire, struct why *why)
{
    const struct admin_options options = {
        .listen = wire->plan->config->admin.listen,
        .token_file = wire->plan->config->admin.token_file,
        .journal = plan_text(wire->plan, PLAN_JOURNAL),
        .snapshots = &wire->snapshots,
        .news = wire->news,
    };
    return admin_start(&options, &wire->admin, why);
}

bool wire_has_core(const struct wire *wire)
{
    return wire->bridge != NULL;
}

enum err wire_new(struct config *config, struct wire **ret, struct why *why)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL) {
        config_free(config);
        return why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
    }
    wire->facts.started_mono_ms = now_mono_ms();
    wire->facts.started_at_s = now_wall_ms() / 1000;
    wire->state_folder = -1;
    snapshot_init(&wire->snapshots);
    supervisor_init(&wire->supervisor);

    enum err err = plan_new(config, wire->facts.started_at_s, &wire->plan, why);
    if (err == ERR_NONE && (err = news_new(&wire->news)) != ERR_NONE)
        (void)why_set(why, err, NULL, "%s", err_name(err));
    if (err == ERR_NONE)
        err = state_folder_take(config->state, &wire->state_folder, why);
    if (err == ERR_NONE)
        err = start_local(wire, why);
    if (err == ERR_NONE)
        err = plan_reach(wire->plan, wire->local, why);
    if (err == ERR_NONE)
        err = start_core(wire, why);
    if (err == ERR_NONE) {
        survey_plan(wire);
        plan_say(wire->plan);
    }
    if (err == ERR_NONE)
        survey_turn(wire); /* nobody ever sees books that are empty only for want of a turn */
    if (err == ERR_NONE)
        err = start_admin(wire, why);
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
    local_stop(wire->local);
    plan_free(wire->plan);
    news_free(wire->news);
    if (wire->state_folder >= 0)
        close(wire->state_folder);
    free(wire);
}

enum err wire_plan(const struct wire *wire, struct config *config, struct plan **ret,
                   struct why *why)
{
    struct plan *plan = NULL;
    enum err err = plan_new(config, wire->facts.started_at_s, &plan, why);
    if (err == ERR_NONE)
        err = plan_reach(plan, wire->local, why);
    if (err == ERR_NONE && (err = plan_follow(plan, wire->plan)) != ERR_NONE)
        (void)why_set(why, err, NULL, "%s", err_name(err));
    for (enum side side = 0; side < SIDE_COUNT && err == ERR_NONE; side++) {
        const struct mqtt_options mqtt = plan_mqtt(plan, side);
        if (plan_has_link(plan, side))
            err = mqtt_check(&mqtt, why);
    }
    if (err != ERR_NONE)
        plan_free(plan);
    else
        *ret = plan;
    return err;
}

enum err wire_adopt(struct wire *wire, struct plan *plan, struct why *why)
{
    struct plan *old = wire->plan;
    stop_core(wire);
    wire->plan = plan;
    enum err err = start_core(wire, why);
    if (err == ERR_NONE) {
        survey_plan(wire);
        plan_say(wire->plan);
        plan_free(old);
        return ERR_NONE;
    }
    struct why again = {0};
    wire->plan = old;
    if (start_core(wire, &again) != ERR_NONE)
        wire->retry_ms = now_mono_ms() + RETRY_MS;
    plan_free(plan);
    return err;
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
    http_turn(wire->plan->http);
    credentials_turn(wire->plan->credentials);
    const char *news = credentials_news(wire->plan->credentials, &is_bad);
    if (news != NULL)
        log_say(is_bad ? LOG_WARN : LOG_INFO, "credentials", "%s", news);
}

void wire_turn_bridge(struct wire *wire)
{
    caller_turn(wire->caller);
    bridge_turn(wire->bridge);
    for (enum side side = 0; side < SIDE_COUNT; side++)
        if (wire->links[side] != NULL)
            mqtt_flush(wire->links[side]);
}

void wire_turn(struct wire *wire)
{
    wire_turn_http(wire);
    if (wire_has_core(wire)) {
        for (enum side side = 0; side < SIDE_COUNT; side++)
            if (wire->links[side] != NULL)
                mqtt_turn(wire->links[side]);
        wire_turn_bridge(wire);
        crowd_turn(&wire->crowd, bridge_books(wire->bridge).waiting, bridge_is_idle(wire->bridge));
    }
    check_core(wire);
    survey_turn(wire);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t wire_due_ms(const struct wire *wire)
{
    if (!wire_has_core(wire))
        return wire->retry_ms;
    if (caller_is_due(wire->caller))
        return now_mono_ms();
    int64_t first =
        earlier(bridge_due_ms(wire->bridge), credentials_due_ms(wire->plan->credentials));
    for (enum side side = 0; side < SIDE_COUNT; side++)
        if (wire->links[side] != NULL)
            first = earlier(first, mqtt_due_ms(wire->links[side]));
    return first;
}
