#include "daemon/verb_link.h"

#include "base/chance.h"
#include "base/now.h"

#include <assert.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

#define CLIENT_ID_MAX 40
#define CHANCE_DIGITS 12

enum err verb_link_new(const struct verb_link_options *options, const struct mqtt_events *events,
                       struct mqtt **ret, struct why *why)
{
    char chance[CHANCE_DIGITS + 1];
    char client_id[CLIENT_ID_MAX];
    chance_hex(chance, CHANCE_DIGITS);
    snprintf(client_id, sizeof client_id, "jobs-bridge-%s-%s", options->verb, chance);
    struct mqtt_options mqtt = config_mqtt(config_broker(options->config, options->side));
    mqtt.client_id = client_id;
    mqtt.has_clean_session = true;
    mqtt.wants_retained = options->wants_retained;
    mqtt.filters = options->filters;
    mqtt.filter_count = options->filter_count;
    return mqtt_new(&mqtt, events, ret, why);
}

void verb_link_wait(struct mqtt *mqtt, const int *others, size_t other_count, int64_t until_ms)
{
    short events = (short)(mqtt_wants_write(mqtt) ? POLLIN | POLLOUT : POLLIN);
    struct pollfd fds[1 + VERB_LINK_OTHERS_MAX] = {{.fd = mqtt_fd(mqtt), .events = events}};
    assert(other_count <= VERB_LINK_OTHERS_MAX);
    for (size_t i = 0; i < other_count; i++)
        fds[1 + i] = (struct pollfd){.fd = others[i], .events = POLLIN};
    int64_t due_ms = mqtt_due_ms(mqtt);
    int64_t left_ms = (due_ms < until_ms ? due_ms : until_ms) - now_mono_ms();
    if (left_ms > 0) /* an interrupted wait is only a short one */
        poll(fds, 1 + other_count, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
}
