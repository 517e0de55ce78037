/* Where the broker is: mqtt://host[:port] or mqtts://host[:port]; [v6]:port for IPv6 (mqtt only).
 */
#ifndef MQTT_BROKER_URL_H
#define MQTT_BROKER_URL_H

#include "base/str.h"
#include "base/why.h"

#define BROKER_URL_HOST_MAX 253 /* bytes: the longest DNS name, RFC 1035 */

struct broker_url {
    bool is_tls;
    int port;
    char host[BROKER_URL_HOST_MAX + 3]; /* with the brackets of an IPv6 address */
};

nodiscard enum err broker_url_parse(struct str text, struct broker_url *ret, struct why *why);

/* The protocol to ask for in the TLS handshake, as ALPN's list of one (a byte with its length in
 * front), absent if none: AWS IoT Core tells MQTT from HTTPS by it on port 443. Source: AWS IoT
 * Core, "Device communication protocols". The list lives for ever. */
struct str broker_url_alpn(const struct broker_url *url);

#endif
