/*
 * The broker of the scripted world: takes posts while the link is up and its window has room, keeps
 * them all, and says that they were delivered when the test wants it to.
 */
#ifndef FAKES_WORLD_BROKER_H
#define FAKES_WORLD_BROKER_H

#include "bridge/bridge.h"

#define WORLD_WITHHELD (-1)

struct world_post {
    uint64_t id;
    char *topic;
    char *payload;
    char *correlation; /* NULL: none */
    char *traceparent; /* NULL: none */
    char *tracestate;  /* NULL: none */
    int64_t at_ms;
    unsigned link; /* which connection it went out on */
    unsigned life; /* and of which process */
    bool is_delivered;
};

struct world_broker {
    enum side side;
    const int64_t *now_ms;
    bool is_up;
    unsigned link;           /* counts connections */
    unsigned life;           /* counts the bridge's crashes */
    size_t window;           /* posts not yet delivered that it takes */
    size_t payload_max;      /* bytes; a longer one is never taken */
    int64_t delivers_in_ms;  /* WORLD_WITHHELD: only by world_broker_deliver */
    unsigned publish_faults; /* so many of the next posts are not taken (ERR_IO) */
    unsigned refusals;       /* so many of the next deliveries are refusals for good */
    struct world_post *posts;
    size_t count;
    size_t capacity;
    size_t next;    /* the first that may yet be delivered; before it all are, or are lost */
    uint64_t *acks; /* tickets released, in order */
    size_t ack_count;
    size_t ack_capacity;
};

void world_broker_init(struct world_broker *broker, enum side side, const int64_t *now_ms);
void world_broker_fini(struct world_broker *broker);
struct port_broker world_broker_port(struct world_broker *broker);

/* A new connection, or the end of one; the bridge is told. */
void world_broker_link(struct world_broker *broker, struct bridge *bridge, bool is_up);

/* The connection ends, and nobody is there to be told. */
void world_broker_crash(struct world_broker *broker);

int64_t world_broker_due_ms(const struct world_broker *broker);
bool world_broker_step(struct world_broker *broker, struct bridge *bridge);

/* Delivers up to count posts now, oldest first. */
void world_broker_deliver(struct world_broker *broker, struct bridge *bridge, size_t count);

/* The number-th post (from 0) on the topic; NULL if there are not so many. */
const struct world_post *world_broker_post(const struct world_broker *broker, const char *topic,
                                           size_t number);
size_t world_broker_posts(const struct world_broker *broker, const char *topic);

#endif
