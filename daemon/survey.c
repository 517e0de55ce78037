#include "daemon/survey.h"

#include "base/log.h"
#include "base/now.h"

#include <stdio.h>

/* Others may drop dead letters, so they are counted anew. */
#define COUNT_EVERY_MS 5000

/* Nearly always there is nothing to tell, nor was there before. */
static void copy(char ret[WHY_TEXT_MAX], const char *text)
{
    if (ret[0] != '\0' || text[0] != '\0')
        snprintf(ret, WHY_TEXT_MAX, "%s", text);
}

static void look_at_bridge(const struct bridge *bridge, struct snapshot *facts)
{
    facts->is_full = bridge_is_full(bridge);
    facts->books = bridge_books(bridge);
    facts->latency = *bridge_latency(bridge);
    facts->speed = bridge_speed(bridge);
    facts->breaker = bridge_breaker(bridge);
}

/* A failure is the journal's own: the next commit tells it. */
static void count_dead(struct wire *wire, int64_t now_ms)
{
    struct why why = {0};
    if (now_ms < wire->count_ms)
        return;
    wire->count_ms = now_ms + COUNT_EVERY_MS;
    if (journal_count_dead(wire->journal, &wire->facts.dead_letters, &why) != ERR_NONE)
        log_say(LOG_ERROR, "journal", "%s", why.text);
}

static void look_at_link(const struct mqtt *mqtt, struct snapshot_link *link)
{
    link->is_connected = mqtt_is_up(mqtt);
    link->stats = mqtt_stats(mqtt);
    copy(link->problem, mqtt_last_problem(mqtt));
}

static void look_at_credentials(const struct credentials *credentials, struct snapshot *facts)
{
    struct credentials_state state = credentials_state(credentials);
    facts->has_credentials = state.has_keys;
    facts->lacks_credentials = !state.has_keys && state.has_failed;
    facts->credentials_expire_at_s = state.has_keys ? state.expires_at_s : -1;
    copy(facts->credentials_problem, facts->lacks_credentials ? state.problem : "");
}

void survey_plan(struct wire *wire)
{
    const struct config *config = wire->plan->config;
    struct snapshot *facts = &wire->facts;
    snprintf(facts->endpoint, sizeof facts->endpoint, "%s", plan_text(wire->plan, PLAN_ENDPOINT));
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        const char *url = config_broker(config, side)->url;
        struct snapshot_link *link = &facts->links[side];
        snprintf(link->broker, sizeof link->broker, "%s", url != NULL ? url : "");
    }
    snprintf(facts->region, sizeof facts->region, "%s", config->jobs.region);
    facts->partition = config_partition(config);
}

void survey_core(struct wire *wire)
{
    struct snapshot *facts = &wire->facts;
    facts->calls = *caller_stats(wire->caller);
    facts->journal = journal_stats(wire->journal);
    for (enum side side = 0; side < SIDE_COUNT; side++)
        if (wire->links[side] != NULL)
            look_at_link(wire->links[side], &facts->links[side]);
}

/* What was in a call waits for the next core, in the journal. */
static void forget_core(struct snapshot *facts)
{
    facts->books.waiting += facts->books.in_flight;
    facts->books.in_flight = 0;
    facts->books.open_calls = 0;
    facts->books.held_back = 0;
    facts->breaker = BREAKER_CLOSED;
    facts->is_full = false;
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        struct snapshot_link *link = &facts->links[side];
        link->is_connected = false;
        link->stats.on_their_way = 0;
        copy(link->problem, "not before the journal works");
    }
}

void survey_turn(struct wire *wire)
{
    struct snapshot *facts = &wire->facts;
    int64_t now_ms = now_mono_ms();
    facts->has_journal = wire_has_core(wire);
    if (facts->has_journal) {
        survey_core(wire);
        look_at_bridge(wire->bridge, facts);
        count_dead(wire, now_ms);
    } else {
        forget_core(facts);
    }
    look_at_credentials(wire->plan->credentials, facts);
    facts->taken_mono_ms = now_ms;
    snapshot_publish(&wire->snapshots, facts);
}
