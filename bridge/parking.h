/*
 * Arrivals of one broker that cannot be taken in yet, because a maximum is reached. They are not
 * acknowledged, so the broker soon sends no more: this is how the bridge pushes back instead of
 * dropping.
 */
#ifndef BRIDGE_PARKING_H
#define BRIDGE_PARKING_H

#include "base/list.h"
#include "bridge/port.h"

struct parking {
    struct list arrivals; /* copies, oldest first */
    size_t count;
    bool has_overflowed; /* the last one did not fit */
};

void parking_init(struct parking *parking);
void parking_clear(struct parking *parking); /* the broker will send them again */

/* ERR_FULL beyond LIMITS_PARKED, ERR_NO_MEMORY: it is not kept. */
nodiscard enum err parking_add(struct parking *parking, const struct arrival *arrival);

const struct arrival *parking_first(const struct parking *parking); /* NULL: none */
void parking_drop_first(struct parking *parking);

#endif
