#include "daemon/verb_link.h"

#include "base/chance.h"
#include "base/now.h"

#include <poll.h>
#include <stdio.h>

#define CLIENT_ID_MAX 40
#define CHANCE_DIGITS 12

enum err verb_link_new(const struct verb_link_options *options, const struct mqtt_events *events,
                       struct mqtt **ret, struct why *why)
{
    const struct config *config = options->config;
    char chance[CHANCE_DIGITS + 1];
    char client_id[CLIENT_ID_MAX];
    chance_hex(chance, CHANCE_DIGITS);
    snprintf(client_id, sizeof client_id, "jobs-bridge-%s-%s", options->verb, chance);
    const struct mqtt_options mqtt = {
        .url = config->mqtt.url,
        .client_id = client_id,
        .version = (int)config->mqtt.version,
        .keep_alive_s = (int)(config->mqtt.keep_alive_ms / 1000),
        .username = config->mqtt.username,
        .password_file = config->mqtt.password_file,
        .ca_file = config->mqtt.ca_file,
        .cert_file = config->mqtt.cert_file,
        .key_file = config->mqtt.key_file,
        .has_clean_session = true,
        .filters = options->filters,
        .filter_count = options->filter_count,
    };
    return mqtt_new(&mqtt, events, ret, why);
}

void verb_link_wait(struct mqtt *mqtt, int64_t until_ms)
{
    short events = (short)(mqtt_wants_write(mqtt) ? POLLIN | POLLOUT : POLLIN);
    struct pollfd fd = {.fd = mqtt_fd(mqtt), .events = events};
    int64_t due_ms = mqtt_due_ms(mqtt);
    int64_t left_ms = (due_ms < until_ms ? due_ms : until_ms) - now_mono_ms();
    if (left_ms > 0)
        poll(&fd, 1, (int)left_ms); /* an interrupted wait is only a short one */
}
