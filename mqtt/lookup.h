/*
 * A host name being resolved, on a thread of its own: the resolver takes as long as it takes and
 * cannot be interrupted. It can be given up, though: then the thread frees what there is once the
 * resolver lets it, or the process ends before that.
 */
#ifndef MQTT_LOOKUP_H
#define MQTT_LOOKUP_H

#include "base/why.h"

#include <netdb.h>
#include <stdbool.h>

struct lookup;

nodiscard enum err lookup_new(const char *host, struct lookup **ret, struct why *why);
void lookup_free(struct lookup *lookup); /* waits for nothing */

int lookup_fd(const struct lookup *lookup); /* can be read once it is done */
bool lookup_is_done(const struct lookup *lookup);

/* Once it is done: its addresses, for streams; NULL when there are none, and why. */
const struct addrinfo *lookup_addresses(const struct lookup *lookup, const char **ret_reason);

#endif
