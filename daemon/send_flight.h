/*
 * The commands of one send that are on their way: published, and not answered yet.
 *
 * Each has Correlation Data of its own, by which its answer is known among those of others; MQTT
 * 3.1.1 has none, there it is the clientToken. A command that may have been lost with the link is
 * published again as it is: the bridge answers it once.
 */
#ifndef DAEMON_SEND_FLIGHT_H
#define DAEMON_SEND_FLIGHT_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/trace.h"
#include "mqtt/mqtt.h"
#include "topics/command_topic.h"

#define SEND_FLIGHT_DIGITS 32 /* of the Correlation Data */

struct send_slot {
    struct list_node node; /* of those on their way, or of the free ones */
    bool is_posted;        /* on the link of now */
    uint64_t post_id;
    char mark[SEND_FLIGHT_DIGITS + 1]; /* its Correlation Data */
    char token[LIMITS_CLIENT_TOKEN + 1];
    struct buf payload;
    int64_t posted_ms; /* the first time; -1: not yet */
    int64_t until_ms;  /* when its answer is waited for no longer */
};

/* How one ended. The views live until on_end returns. */
struct send_end {
    bool is_answered;
    bool is_accepted;
    int64_t latency_ms; /* of an answer */
    struct str answer;  /* JSON, as it came */
    const char *reason; /* why there is none, if it was not for the time; NULL */
};

struct send_flight {
    struct send_slot *slots; /* LIMITS_SEND_FLIGHT of them */
    struct list taken;       /* in the order in which they are sent */
    struct list free;
    size_t count; /* taken */
    uint64_t next_post_id;
    struct trace trace; /* that goes with every command */
    struct buf topic;
    struct buf accepted_topic;
    struct buf rejected_topic;
    void *context;
    void (*on_end)(void *context, const struct send_end *end);
};

/* In place: it must not move afterwards. ERR_INVALID, with the reason, if there can be no such
 * topic.
 */
nodiscard enum err send_flight_init(struct send_flight *flight, struct str root,
                                    const struct command_topic *topic, struct why *why);
void send_flight_fini(struct send_flight *flight);

/* A free place with mark and token filled in and an empty payload, to be filled and then taken;
 * NULL if there is none. */
struct send_slot *send_flight_slot(struct send_flight *flight);

/* until_ms must not be before that of the one taken last. */
void send_flight_take(struct send_flight *flight, struct send_slot *slot, int64_t until_ms);

/* Publishes what is not published on this link yet, in order, as far as there is room. */
void send_flight_post(struct send_flight *flight, struct mqtt *mqtt);

/* What the link tells: see mqtt_events. */
void send_flight_on_link(struct send_flight *flight);
void send_flight_on_arrival(struct send_flight *flight, const struct arrival *arrival);
void send_flight_on_refused(struct send_flight *flight, uint64_t post_id);

/* Ends those whose time is over. */
void send_flight_expire(struct send_flight *flight, int64_t now_ms);
int64_t send_flight_due_ms(const struct send_flight *flight); /* DUE_NEVER: none is waited for */

#endif
