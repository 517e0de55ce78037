/*
 * Who is connected to a server. Whoever is one too many makes the one go who came, or was last
 * answered, longest ago: so those that send a byte now and then, or never read, keep nobody out.
 *
 * One thread: microhttpd's.
 */
#ifndef HTTP_GUESTS_H
#define HTTP_GUESTS_H

#include "base/list.h"

#include <stdint.h>

struct guests {
    struct list all; /* who may be sent away; who came or was answered longest ago first */
    unsigned count;  /* those sent away included, until they are gone */
    unsigned max;
    uint64_t gone; /* so far */
};

struct guest; /* one connection */

void guests_init(struct guests *guests, unsigned max);

/* The descriptor stays the caller's. NULL when out of memory: that one is not reckoned with. */
struct guest *guests_add(struct guests *guests, int fd);
void guests_served(struct guests *guests, struct guest *guest); /* a request of its was answered */
/* Until its next request is answered it is not sent away: an answer without an end, of which there
 * are few. */
void guests_keep(struct guest *guest);
void guests_remove(struct guests *guests, struct guest *guest);

#endif
