/*
 * A slow or cruel network: relays one loopback TCP connection at a time to another port, byte for
 * byte. It can stop taking what the client sends, trickle it, or reset the connection. With TLS it
 * speaks that to the client, as many packets in one record as come together. Runs on a thread of
 * its own; all functions may be called from the test's.
 */
#ifndef FAKES_BROKER_RELAY_H
#define FAKES_BROKER_RELAY_H

#include <stdbool.h>
#include <stddef.h>

struct broker_relay;

struct broker_relay *broker_relay_new(int to_port);
/* With the server.pem and server.key of the directory. */
struct broker_relay *broker_relay_new_tls(int to_port, const char *dir);
void broker_relay_free(struct broker_relay *relay);
int broker_relay_port(const struct broker_relay *relay);

/* From the client at most that many bytes at a time, about every millisecond; 0: none at all. */
void broker_relay_throttle(struct broker_relay *relay, size_t bytes);
void broker_relay_reset(struct broker_relay *relay);

#endif
