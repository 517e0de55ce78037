/* What Paho 1.3.12 leaves out when it sets up TLS, added to its connection before the handshake. */
#ifndef MQTT_SECURE_H
#define MQTT_SECURE_H

#include "base/why.h"
#include "mqtt/broker_url.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* Cipher list for Paho: it lowers the security level to 1 and applies the list after that. */
#define SECURE_CIPHERS "DEFAULT:@SECLEVEL=2"

/* TLS 1.2 or later (Paho ignores its own option), the name or address the certificate must be for,
 * checked inside the handshake so that the reason of a failure is known, and the ALPN protocol. */
nodiscard enum err secure_prepare(SSL *ssl, const struct broker_url *url, struct why *why);

/* Why the handshake that just failed did; ERR_NONE if it only waits for the socket. */
enum err secure_failure(SSL *ssl, int rc, struct why *why);

/* What the broker says in the alert that just ended a read, if one did: with TLS 1.3 the handshake
 * is over for us before the broker looks at our certificate. */
void secure_alert(SSL *ssl, int rc, struct why *why);

#endif
