/* The options of a link: checked, copied, with the URL taken apart and the TLS files taken. */
#ifndef MQTT_SETUP_H
#define MQTT_SETUP_H

#include "mqtt/broker_url.h"
#include "mqtt/mqtt.h"
#include "mqtt/tls_files.h"

struct setup {
    struct mqtt_options options; /* every text is a copy on the heap; exchange_ms is never 0 */
    struct broker_url url;
    struct tls_files files;
};

nodiscard enum err setup_init(struct setup *setup, const struct mqtt_options *options,
                              struct why *why);
void setup_fini(struct setup *setup); /* fine after a failed setup_init, and on zeros */

#endif
