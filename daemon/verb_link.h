/* The link of a verb to the configured broker: a client of its own beside the service, of which the
 * broker keeps nothing. */
#ifndef DAEMON_VERB_LINK_H
#define DAEMON_VERB_LINK_H

#include "daemon/config.h"
#include "mqtt/mqtt.h"

#define VERB_LINK_DISCONNECT_MS 500

struct verb_link_options {
    const struct config *config;
    enum side side;             /* the broker; one that is configured */
    const char *verb;           /* its client id is jobs-bridge-<verb>-<random> */
    const char *const *filters; /* to subscribe to; may be none */
    size_t filter_count;
    bool wants_retained; /* the retained messages of the filters, too */
};

nodiscard enum err verb_link_new(const struct verb_link_options *options,
                                 const struct mqtt_events *events, struct mqtt **ret,
                                 struct why *why);

/* Waits for something to do, until that time at the latest: on the link, or on one of the other
 * descriptors (those below 0 are none). */
#define VERB_LINK_OTHERS_MAX 2
void verb_link_wait(struct mqtt *mqtt, const int *others, size_t other_count, int64_t until_ms);

#endif
