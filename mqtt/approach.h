/*
 * The way to a broker: from its host name to a connected TCP socket, without blocking.
 *
 * The addresses are tried in the order of the resolver, the two families by turns, each
 * APPROACH_STEP_MS after the one before or when that one has failed, and the first that answers is
 * taken (RFC 8305, "Happy Eyeballs"). A host name that is not resolved in time is a failure, but
 * its resolver goes on, and the next attempt with it.
 */
#ifndef MQTT_APPROACH_H
#define MQTT_APPROACH_H

#include "base/limits.h"
#include "base/why.h"
#include "mqtt/broker_url.h"
#include "mqtt/lookup.h"

#include <stdint.h>
#include <sys/socket.h>

#define APPROACH_STEP_MS 250 /* RFC 8305, 5: Connection Attempt Delay */

enum approach_state { APPROACH_UNDER_WAY, APPROACH_ARRIVED, APPROACH_FAILED };

struct approach_try {
    struct sockaddr_storage address;
    socklen_t n;
    int fd; /* -1: not begun, or over */
};

struct approach {
    const struct broker_url *url; /* the caller's */
    struct lookup *lookup;        /* NULL: none */
    int poll_fd;                  /* of all that is waited for; -1: not under way */
    int64_t limit_ms;
    int64_t deadline_ms;
    int64_t next_ms; /* when the next address is tried */
    int error;       /* errno of the last address that failed */
    size_t try_count;
    size_t begun; /* of them */
    struct approach_try tries[LIMITS_BROKER_ADDRESSES];
};

void approach_init(struct approach *approach, const struct broker_url *url);
void approach_fini(struct approach *approach);

/* Begins, or begins anew. Finding the addresses may take limit_ms, and connecting to one of them
 * that long again. Times are those of now_mono_ms. */
nodiscard enum err approach_start(struct approach *approach, int64_t now_ms, int64_t limit_ms,
                                  struct why *why);
void approach_stop(struct approach *approach);
bool approach_is_under_way(const struct approach *approach);

/* While it is under way: the descriptor to wait for (to read), the time to wait until, and then one
 * step. Arrived or failed, it is over: *ret_fd is the caller's, does not block and is not
 * inherited; or why says why there is none. */
int approach_fd(const struct approach *approach);
int64_t approach_due_ms(const struct approach *approach);
enum approach_state approach_turn(struct approach *approach, int64_t now_ms, int *ret_fd,
                                  struct why *why);

#endif
