/*
 * What a configuration comes to before anything of the core runs: its texts, the endpoint, the HTTP
 * client and the credentials; and the options of the parts, translated. A reload makes a second one
 * beside the first, and only where that works does it take the first one's place.
 */
#ifndef DAEMON_PLAN_H
#define DAEMON_PLAN_H

#include "bridge/bridge.h"
#include "daemon/config.h"
#include "daemon/filters.h"
#include "http/caller.h"
#include "http/http.h"
#include "local/local.h"
#include "mqtt/mqtt.h"
#include "store/journal.h"
#include "topics/topics.h"

enum plan_text {
    PLAN_JOURNAL,
    PLAN_DATABASE,
    PLAN_CREDENTIALS_FILE,
    PLAN_ENDPOINT,
    PLAN_STATUS_TOPIC,
    PLAN_STATUS_ONLINE,
    PLAN_STATUS_OFFLINE,
    PLAN_TEXT_COUNT
};

struct plan {
    struct config *config;
    struct http *http;
    struct credentials *credentials;
    struct buf texts[PLAN_TEXT_COUNT];
    struct filters filters[SIDE_COUNT];
    struct filters stale[SIDE_COUNT]; /* of an earlier plan, to be ended */
};

/* Takes the config over, also on failure. since_s: when this run started, for the status. */
nodiscard enum err plan_new(struct config *config, int64_t since_s, struct plan **ret,
                            struct why *why);
void plan_free(struct plan *plan);

/* Finds the endpoint and makes the client that calls it. local: the embedded endpoint, running, or
 * NULL where it is another. */
nodiscard enum err plan_reach(struct plan *plan, const struct local *local, struct why *why);

/* Subscriptions outlive a link: those of an old plan that are in this one no more have to be ended.
 */
nodiscard enum err plan_follow(struct plan *plan, const struct plan *old);

bool plan_has_link(const struct plan *plan, enum side side);

/* Says in the log what it means to share the work with other bridges, where it does. */
void plan_say(const struct plan *plan);

const char *plan_text(struct plan *plan, enum plan_text which);

/* The options point into the plan; those of the bridge have no ports yet. */
struct local_options plan_local(struct plan *plan);
struct journal_options plan_journal(struct plan *plan);
struct caller_options plan_caller(struct plan *plan);
struct mqtt_options plan_mqtt(struct plan *plan, enum side side);
struct bridge_options plan_bridge(const struct plan *plan);

#endif
