/*
 * The configuration as the program uses it: every value checked, every default filled in.
 *
 * Read by daemon/config_file.h; read-only from then on, so any thread may look. Texts that are not
 * set are NULL. What the keys mean to the user is said in packaging/jobs-bridge.yaml.
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "base/buf.h"
#include "base/str.h"
#include "bridge/partition.h"
#include "http/credentials.h"
#include "mqtt/mqtt.h"

#define CONFIG_NOTIFY_MAX   8   /* entries of topics.notify */
#define CONFIG_FOLLOWED_MAX 100 /* of upstream.things, and of upstream.namespaces */

struct policy;

struct config_list {
    char **items;
    size_t count;
};

/* A broker and how to reach it. */
struct config_broker {
    char *url;
    char *client_id;
    int64_t version; /* 5, or 3 for 3.1.1 */
    int64_t keep_alive_ms;
    char *username;
    char *password_file;
    char *ca_file;
    char *cert_file; /* with key_file, or neither */
    char *key_file;
};

struct config {
    char *state; /* directory of the databases and the credentials file */
    struct config_broker mqtt;
    char *shared_group; /* mqtt.shared_group; NULL: subscriptions are this client's own */
    struct {
        char *root;
        struct config_list notify; /* presets and templates: see topics/notify_topic.h */
        char *reserved_prefix;
    } topics;
    struct {
        char *endpoint; /* "embedded", "aws" or a URL without a path */
        char *region;
        int64_t rate_per_second; /* 0: no limit */
        int64_t burst;
        int64_t reserve_percent; /* of the calls, for commands without a thing */
        int64_t max_in_flight;
        int64_t waiting_per_thing;
        int64_t coalesce; /* 0 or 1: several commands may share a call */
        int64_t deadline_ms;
        int64_t call_timeout_ms;
        int64_t verify; /* 1: by DescribeJob */
    } jobs;
    struct {
        int64_t source; /* enum credentials_source, as written: see config_credentials_source */
        char *endpoint; /* this and the rest: of the source "iot", NULL for any other */
        char *role_alias;
        char *thing_name;
        char *cert_file;
        char *key_file;
        char *ca_file;
    } credentials;
    struct {
        char *listen;
    } embedded;
    struct {
        int64_t sync; /* enum store_sync */
        int64_t dedupe_window_ms;
        int64_t max_size_bytes;
    } journal;
    struct {
        char *file;           /* NULL: every thing may update every job */
        struct policy *rules; /* what is in it; NULL where nobody has read it */
    } policy;
    struct {
        char *listen;
        char *token_file; /* NULL: nobody is asked for a token, and listen is a loopback address */
    } admin;
    struct {
        struct config_broker broker; /* its url NULL: there is none, and the rest does not matter */
        struct config_list things;   /* whose notices are followed; "+": those of all */
        struct config_list namespaces;
        int64_t commands; /* 0 or 1: taken there as well */
    } upstream;
    struct {
        int64_t index;
        int64_t count; /* 1: this bridge is alone */
    } partition;
};

nodiscard enum err config_new(struct config **ret); /* with every default */
void config_free(struct config *config);

/* Whether the embedded endpoint has to run. */
bool config_is_embedded(const struct config *config);

/* Appends the URL to call: of AWS in the region, the one configured, or http://<embedded.listen>
 * (which does not know the real port when that one says 0). */
void config_endpoint_url(const struct config *config, struct buf *out);

/* The source to ask: "auto" means the embedded file when the endpoint is the embedded one. */
enum credentials_source config_credentials_source(const struct config *config);

/* What credentials_open wants of the configuration, which has to outlive them. */
struct credentials_options config_credentials(const struct config *config, struct http *http,
                                              const char *embedded_file);

const struct config_broker *config_broker(const struct config *config, enum side side);

/* What a link to a broker takes from the configuration, which has to outlive it; the rest is the
 * caller's. */
struct mqtt_options config_mqtt(const struct config_broker *broker);

/* Which jobs of all are this bridge's. */
struct partition config_partition(const struct config *config);

/* Appends what this bridge is among several: which one, and which part of the calls it may make.
 * Nothing where it is alone. */
void config_share(const struct config *config, struct buf *out);

/* Appends <state>/<name>. */
void config_state_path(const struct config *config, const char *name, struct buf *out);

/* The names under `state`. */
#define CONFIG_JOURNAL          "journal.db"
#define CONFIG_JOBS_DATABASE    "jobs.db"
#define CONFIG_CREDENTIALS_FILE "credentials"

#endif
