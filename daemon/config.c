#include "daemon/config.h"

#include "bridge/policy.h"
#include "daemon/config_key.h"
#include "daemon/config_value.h"
#include "http/endpoint.h"

#include <stdlib.h>

static enum err set_preset(const struct config_key *key, struct config *config)
{
    struct str preset = str_of(key->preset);
    if (key->kind == CONFIG_LIST)
        return config_value_set_list(key, &preset, 1, config, NULL);
    return config_value_set(key, preset, config, NULL);
}

/* systemd's StateDirectory=; several are separated by colons. */
static enum err set_state_from_environment(struct config *config)
{
    struct str paths = str_of(getenv("STATE_DIRECTORY"));
    if (paths.n == 0)
        return ERR_NONE;
    return config_value_set(config_key_find(STR(""), STR("state")), str_cut(&paths, ':'), config,
                            NULL);
}

enum err config_new(struct config **ret)
{
    struct config *config = calloc(1, sizeof *config);
    if (config == NULL)
        return ERR_NO_MEMORY;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && config_key_at(i) != NULL; i++) {
        if (config_key_at(i)->preset != NULL)
            err = set_preset(config_key_at(i), config);
    }
    if (err == ERR_NONE)
        err = set_state_from_environment(config);
    if (err != ERR_NONE)
        goto fail;
    *ret = config;
    return ERR_NONE;
fail:
    config_free(config);
    return err;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; config_key_at(i) != NULL; i++)
        config_value_forget(config_key_at(i), config);
    policy_free(config->policy.rules);
    free(config);
}

bool config_is_embedded(const struct config *config)
{
    return strcmp(config->jobs.endpoint, "embedded") == 0;
}

void config_endpoint_url(const struct config *config, struct buf *out)
{
    struct endpoint aws;
    if (config_is_embedded(config))
        buf_format(out, "http://%s", config->embedded.listen);
    else if (strcmp(config->jobs.endpoint, "aws") != 0)
        buf_add_text(out, config->jobs.endpoint);
    else if (endpoint_of_region(str_of(config->jobs.region), &aws, NULL) == ERR_NONE)
        buf_add_text(out, aws.url);
}

enum credentials_source config_credentials_source(const struct config *config)
{
    if (config->credentials.source == CREDENTIALS_AUTO && config_is_embedded(config))
        return CREDENTIALS_EMBEDDED;
    return (enum credentials_source)config->credentials.source;
}

struct credentials_options config_credentials(const struct config *config, struct http *http,
                                              const char *embedded_file)
{
    return (struct credentials_options){
        .source = config_credentials_source(config),
        .embedded_file = embedded_file,
        .http = http,
        .region = config->jobs.region,
        .iot =
            {
                .endpoint = config->credentials.endpoint,
                .role_alias = config->credentials.role_alias,
                .thing_name = config->credentials.thing_name,
                .cert_file = config->credentials.cert_file,
                .key_file = config->credentials.key_file,
                .ca_file = config->credentials.ca_file,
            },
    };
}

const struct config_broker *config_broker(const struct config *config, enum side side)
{
    return side == SIDE_LOCAL ? &config->mqtt : &config->upstream.broker;
}

struct mqtt_options config_mqtt(const struct config_broker *broker)
{
    return (struct mqtt_options){
        .url = broker->url,
        .client_id = broker->client_id,
        .version = (int)broker->version,
        .keep_alive_s = (int)(broker->keep_alive_ms / 1000),
        .username = broker->username,
        .password_file = broker->password_file,
        .ca_file = broker->ca_file,
        .cert_file = broker->cert_file,
        .key_file = broker->key_file,
    };
}

struct partition config_partition(const struct config *config)
{
    return (struct partition){(unsigned)config->partition.index, (unsigned)config->partition.count};
}

void config_share(const struct config *config, struct buf *out)
{
    long long count = config->partition.count;
    long long rate = config->jobs.rate_per_second;
    if (count <= 1)
        return;
    buf_format(out, "index %lld of %lld; this bridge may make ", (long long)config->partition.index,
               count);
    if (rate == 0)
        buf_add_text(out, "calls without a limit");
    else
        buf_format(out, "%lld calls a second, all %lld together %lld", rate, count, rate * count);
}

void config_state_path(const struct config *config, const char *name, struct buf *out)
{
    buf_format(out, "%s/%s", config->state, name);
}
