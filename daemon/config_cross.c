#include "daemon/config_cross.h"

#include "base/limits.h"
#include "daemon/config_address.h"
#include "http/access_token.h"
#include "http/endpoint.h"
#include "topics/topics.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

struct cross {
    const struct config *config;
    const size_t *lines;
    struct mistakes *mistakes;
};

static size_t line_of(const struct cross *cross, const char *section, const char *name)
{
    return cross->lines[config_key_index(config_key_find(str_of(section), str_of(name)))];
}

static void check_notify(struct cross *cross)
{
    const struct config *config = cross->config;
    size_t line = line_of(cross, "topics", "notify");
    if (line == 0) /* then what else stands there made the default fail */
        line = line_of(cross, "topics", "reserved_prefix");
    for (size_t i = 0; i < config->topics.notify.count; i++) {
        struct str item = str_of(config->topics.notify.items[i]);
        struct why why;
        if (notify_topic_check(notify_topic_template(item), str_of(config->topics.reserved_prefix),
                               str_of(config->topics.root), &why) != ERR_NONE)
            mistakes_add(cross->mistakes, line, "topics.notify", "entry %zu: %s", i + 1, why.text);
    }
}

/* Of a broker's section. */
static void check_together(struct cross *cross, const char *section, const char *name,
                           const char *value, const char *needed_name, const char *needed_value)
{
    char key[WHY_FIELD_MAX];
    snprintf(key, sizeof key, "%s.%s", section, name);
    if (value != NULL && needed_value == NULL)
        mistakes_add(cross->mistakes, line_of(cross, section, name), key,
                     "needs %s.%s as well (expected both or neither)", section, needed_name);
}

static void check_tls_only(struct cross *cross, const char *section, const char *name,
                           const char *value, const char *url)
{
    char key[WHY_FIELD_MAX];
    snprintf(key, sizeof key, "%s.%s", section, name);
    if (value != NULL && !str_starts(str_of(url), STR("mqtts://")))
        mistakes_add(cross->mistakes, line_of(cross, section, name), key,
                     "is for TLS only (expected %s.url to be mqtts://...)", section);
}

/* A file that this user may not read is no mistake: the service may run as another. */
static void check_file(struct cross *cross, const char *section, const char *name, const char *path)
{
    char key[WHY_FIELD_MAX];
    struct stat file;
    snprintf(key, sizeof key, "%s.%s", section, name);
    if (path == NULL)
        return;
    if (stat(path, &file) == 0 && S_ISDIR(file.st_mode))
        mistakes_add(cross->mistakes, line_of(cross, section, name), key,
                     "\"%s\" is a directory (expected a file)", path);
    else if (stat(path, &file) != 0 && (errno == ENOENT || errno == ENOTDIR))
        mistakes_add(cross->mistakes, line_of(cross, section, name), key,
                     "\"%s\" is not there (expected a file)", path);
}

static void check_broker(struct cross *cross, const char *section,
                         const struct config_broker *broker)
{
    const struct {
        const char *name;
        const char *path;
    } tls_files[] = {{"ca_file", broker->ca_file},
                     {"cert_file", broker->cert_file},
                     {"key_file", broker->key_file}};
    check_together(cross, section, "cert_file", broker->cert_file, "key_file", broker->key_file);
    check_together(cross, section, "key_file", broker->key_file, "cert_file", broker->cert_file);
    if (broker->version == 3) /* MQTT 3.1.1, 3.1.2.9: no password without a user name */
        check_together(cross, section, "password_file", broker->password_file, "username",
                       broker->username);
    check_file(cross, section, "password_file", broker->password_file);
    for (size_t i = 0; i < COUNT_OF(tls_files); i++) {
        check_tls_only(cross, section, tls_files[i].name, tls_files[i].path, broker->url);
        check_file(cross, section, tls_files[i].name, tls_files[i].path);
    }
}

static bool is_of_aws(const char *url)
{
    return strstr(url, ".amazonaws.com") != NULL;
}

/* Everything in the section is of use only with a broker, and a broker only with something to do.
 */
static void check_upstream(struct cross *cross)
{
    const struct config *config = cross->config;
    const char *url = config->upstream.broker.url;
    size_t things = config->upstream.things.count;
    size_t namespaces = config->upstream.namespaces.count;
    size_t line = line_of(cross, "upstream", "url");
    size_t filters = things * namespaces * NOTICE_FORM_COUNT +
                     (config->upstream.commands != 0 ? COMMAND_TOPIC_FILTERS : 0);
    if (url == NULL) {
        if (filters > 0 && line == 0)
            mistakes_add(cross->mistakes, line_of(cross, "upstream", "things"), "upstream.url",
                         "is not set (expected the broker to listen to)");
        return;
    }
    check_broker(cross, "upstream", &config->upstream.broker);
    if (config_address_is_same_broker(url, config->mqtt.url))
        mistakes_add(cross->mistakes, line, "upstream.url",
                     "is the broker of mqtt.url (expected another one)");
    check_together(cross, "upstream", "things", things > 0 ? url : NULL, "namespaces",
                   namespaces > 0 ? url : NULL);
    check_together(cross, "upstream", "namespaces", namespaces > 0 ? url : NULL, "things",
                   things > 0 ? url : NULL);
    if (filters == 0 && things == namespaces)
        mistakes_add(cross->mistakes, line, "upstream.url",
                     "has nothing to listen to (expected upstream.things and upstream.namespaces, "
                     "or upstream.commands: true)");
    if (things * namespaces > LIMITS_FOLLOWED)
        mistakes_add(cross->mistakes, line_of(cross, "upstream", "things"), "upstream.things",
                     "and upstream.namespaces make %zu pairs, at most %d are followed (expected "
                     "\"+\" for all things, or fewer)",
                     things * namespaces, LIMITS_FOLLOWED);
    if (is_of_aws(url) && filters > LIMITS_AWS_SUBSCRIPTIONS)
        mistakes_add(cross->mistakes, line_of(cross, "upstream", "things"), "upstream.things",
                     "ask for %zu subscriptions, %d for each thing and namespace; AWS IoT Core "
                     "allows a connection %d",
                     filters, NOTICE_FORM_COUNT, LIMITS_AWS_SUBSCRIPTIONS);
}

/* AWS would refuse every signature. */
static void check_region(struct cross *cross)
{
    const struct config *config = cross->config;
    struct endpoint given, of_region;
    if (endpoint_parse(str_of(config->jobs.endpoint), &given, NULL) != ERR_NONE ||
        endpoint_of_region(str_of(config->jobs.region), &of_region, NULL) != ERR_NONE)
        return;
    bool is_aws = str_starts(str_of(given.host), STR("iot.")) && strstr(given.host, ".amazonaws.");
    if (is_aws && strcmp(given.host, of_region.host) != 0)
        mistakes_add(cross->mistakes, line_of(cross, "jobs", "endpoint"), "jobs.endpoint",
                     "is not in jobs.region, \"%s\" (expected %s)", config->jobs.region,
                     of_region.url);
}

static void check_endpoint(struct cross *cross)
{
    const struct config *config = cross->config;
    check_region(cross);
    if (config->credentials.source == CREDENTIALS_EMBEDDED && !config_is_embedded(config))
        mistakes_add(cross->mistakes, line_of(cross, "credentials", "source"), "credentials.source",
                     "\"embedded\" is for the embedded endpoint only (expected jobs.endpoint: "
                     "embedded, or another source)");
    size_t line = line_of(cross, "jobs", "call_timeout");
    if (line > 0 && config->jobs.call_timeout_ms > config->jobs.deadline_ms)
        mistakes_add(cross->mistakes, line, "jobs.call_timeout",
                     "is longer than jobs.deadline (expected at most that)");
}

/* The keys of the source "iot" are needed there and of no use elsewhere. */
static void check_iot(struct cross *cross)
{
    const struct config *config = cross->config;
    const struct {
        const char *name;
        const char *value;
        bool is_needed;
    } keys[] = {
        {"endpoint", config->credentials.endpoint, true},
        {"role_alias", config->credentials.role_alias, true},
        {"thing_name", config->credentials.thing_name, true},
        {"cert_file", config->credentials.cert_file, true},
        {"key_file", config->credentials.key_file, true},
        {"ca_file", config->credentials.ca_file, false},
    };
    bool is_iot = config->credentials.source == CREDENTIALS_IOT;
    size_t line = line_of(cross, "credentials", "source");
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        char key[WHY_FIELD_MAX];
        snprintf(key, sizeof key, "credentials.%s", keys[i].name);
        /* One that is written but refused has been told of. */
        bool is_written = line_of(cross, "credentials", keys[i].name) > 0;
        if (is_iot && keys[i].is_needed && keys[i].value == NULL && !is_written)
            mistakes_add(cross->mistakes, line, "credentials.source",
                         "\"iot\" needs %s (expected a value there)", key);
        if (!is_iot && keys[i].value != NULL)
            mistakes_add(cross->mistakes, line_of(cross, "credentials", keys[i].name), key,
                         "is for the source \"iot\" only (expected credentials.source: iot)");
    }
    check_file(cross, "credentials", "cert_file", config->credentials.cert_file);
    check_file(cross, "credentials", "key_file", config->credentials.key_file);
    check_file(cross, "credentials", "ca_file", config->credentials.ca_file);
}

static void check_listen(struct cross *cross)
{
    const struct config *config = cross->config;
    struct str admin = str_of(config->admin.listen);
    if (config_is_embedded(config) && !str_ends(admin, STR(":0")) &&
        str_eq_text(admin, config->embedded.listen))
        mistakes_add(cross->mistakes, line_of(cross, "admin", "listen"), "admin.listen",
                     "is also embedded.listen (expected another address or port)");
}

/* One that this user may not read is no mistake, as with other files. */
static void check_token(struct cross *cross)
{
    const char *path = cross->config->admin.token_file;
    struct access_token *token = NULL;
    struct why why = {0};
    enum err err = path != NULL ? access_token_read(path, &token, &why) : ERR_NONE;
    access_token_free(token);
    if (err == ERR_INVALID || err == ERR_NOT_FOUND)
        mistakes_add(cross->mistakes, line_of(cross, "admin", "token_file"), "admin.token_file",
                     "%s", why.text);
    if (path == NULL && !config_address_is_loopback(str_of(cross->config->admin.listen)))
        mistakes_add(cross->mistakes, line_of(cross, "admin", "listen"), "admin.listen",
                     "is open to others without a token (expected a loopback address, or "
                     "admin.token_file as well)");
}

/* In one group of all bridges any of them would get a command, so each partition has its own. */
static void check_partition(struct cross *cross)
{
    const struct config *config = cross->config;
    size_t line = line_of(cross, "mqtt", "shared_group");
    if (config->partition.index >= config->partition.count)
        mistakes_add(cross->mistakes, line_of(cross, "partition", "index"), "partition.index",
                     "\"%lld\" is not below partition.count, \"%lld\" (expected 0 to %lld)",
                     (long long)config->partition.index, (long long)config->partition.count,
                     (long long)config->partition.count - 1);
    if (config->shared_group == NULL)
        return;
    if (config->mqtt.version != 5)
        mistakes_add(cross->mistakes, line, "mqtt.shared_group",
                     "needs MQTT 5 (expected mqtt.version: 5)");
    if (config->partition.count == 1)
        mistakes_add(cross->mistakes, line, "mqtt.shared_group",
                     "needs partitions: the broker gives each command to any one of a group, so "
                     "those of one job would be reordered (expected partition.count above 1)");
}

void config_cross_check(const struct config *config, const size_t lines[CONFIG_KEY_COUNT],
                        struct mistakes *mistakes)
{
    struct cross cross = {config, lines, mistakes};
    check_notify(&cross);
    check_broker(&cross, "mqtt", &config->mqtt);
    check_upstream(&cross);
    check_endpoint(&cross);
    check_iot(&cross);
    check_listen(&cross);
    check_token(&cross);
    check_partition(&cross);
}
