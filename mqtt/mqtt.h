/*
 * The MQTT link: Paho's MQTTClient in synchronous mode, all of it on the loop thread.
 *
 * One handle per connection. Every outgoing packet passes mqtt/gate.c, which holds PUBACKs until
 * mqtt_acknowledge names them and buffers the rest, so Paho never sees a partial write.
 * Reconnects on its own with jittered backoff, resubscribes each time, and calls on_link(true) only
 * once every subscription is granted. Callbacks come from mqtt_turn and from nowhere else.
 *
 * Threads: all functions of all links on one thread, mqtt_new included: Paho's state is global.
 * Links do not disturb each other there (mqtt/wraps.h).
 *
 * Blocking: the host is found and connected to in the background (mqtt/approach.h); a host that
 * cannot be reached costs nothing. What is said over the new connection until the subscriptions are
 * granted blocks mqtt_turn, in exchanges: the handshake up to the CONNACK, then each SUBSCRIBE or
 * UNSUBSCRIBE of LIMITS_SUBSCRIBE_FILTERS at most and its answer. One that is not quick ends the
 * turn; it takes exchange_ms at most, with a broker that accepts the connection and then says
 * nothing. pause_factor bounds the share of the time that this takes.
 *
 * On the process: mqtt_new unsets http_proxy, https_proxy and MQTT_C_CLIENT_TRACE*, all of which
 * Paho would obey; Paho ignores SIGPIPE. A build in which Paho's writes miss the gate connects
 * once, says so in mqtt_last_problem and the log, and never again.
 */
#ifndef MQTT_MQTT_H
#define MQTT_MQTT_H

#include "base/str.h"
#include "base/why.h"
#include "bridge/port.h"

/* Of each: finding the host, connecting to it, and an exchange unless the options say otherwise. */
#define MQTT_CONNECT_TIMEOUT_S 3

struct mqtt;

struct mqtt_stats {
    uint64_t connects;     /* links that came up */
    uint64_t failures;     /* attempts that did not bring one */
    uint64_t losses;       /* links that were lost */
    uint64_t acknowledged; /* publishes, by the broker */
    int64_t heard_ms;      /* by now_mono_ms: when the broker last acknowledged a publish, or let us
                              connect; when there was neither yet, when we began */
    uint64_t on_their_way; /* publishes that it has not acknowledged yet */
};

struct mqtt_options {
    const char *url; /* mqtt://host[:port] or mqtts://host[:port] */
    const char *client_id;
    int version; /* 5, or 3 for 3.1.1 */
    int keep_alive_s;
    const char *username;      /* NULL: none */
    const char *password_file; /* NULL: none; read at each connect, one trailing newline dropped */
    const char *ca_file;       /* NULL: the system's; see mqtt/tls_files.h for these three */
    const char *cert_file;     /* NULL: no client certificate */
    const char *key_file;
    bool has_clean_session;     /* true: nothing is kept at the broker (send, watch) */
    const char *const *filters; /* subscribed at QoS 1 */
    size_t filter_count;
    bool wants_retained;              /* MQTT 5: also what is retained; 3.1.1 always brings it */
    const char *const *stale_filters; /* of an earlier configuration: sessions keep them, so they */
    size_t stale_count;               /* are unsubscribed */
    const char *status_topic;         /* NULL: no last will and no status */
    const char *status_online;        /* retained payload once the link is up */
    const char *status_offline;       /* retained payload as last will and on a clean stop */
    int64_t exchange_ms;              /* at most, for each; 0: MQTT_CONNECT_TIMEOUT_S */
    unsigned pause_factor;            /* after an attempt whose exchanges took t ms the next one is
                                         due no sooner than that many times t later; 0: none */
    struct mqtt_stats stats;          /* of an earlier link of the same run, to count on from */
};

struct mqtt_events {
    void *context;
    void (*on_link)(void *context, bool is_up);
    void (*on_arrival)(void *context, const struct arrival *arrival);
    /* ERR_NONE: the broker has it; ERR_REFUSED: it answered with a failure reason code. */
    void (*on_delivered)(void *context, uint64_t post_id, enum err err);
};

/* Checks what can be checked without a broker (URL, version, files). The options are copied. */
nodiscard enum err mqtt_new(const struct mqtt_options *options, const struct mqtt_events *events,
                            struct mqtt **ret, struct why *why);
/* The same checks without a link. */
nodiscard enum err mqtt_check(const struct mqtt_options *options, struct why *why);
void mqtt_free(struct mqtt *mqtt); /* drops the link without a word if it is still up */

/* For the loop: what to poll (fd -1: nothing), for what, and when, by now_mono_ms, to call
 * mqtt_turn at the latest even if nothing happens. */
int mqtt_fd(const struct mqtt *mqtt);
bool mqtt_wants_write(const struct mqtt *mqtt);
int64_t mqtt_due_ms(const struct mqtt *mqtt);

/* Takes a step towards a link if it is time to, takes everything that arrived, notices loss. */
void mqtt_turn(struct mqtt *mqtt);

/* While the link is down: the next attempt is due at once, whatever backoff and pause say. */
void mqtt_retry(struct mqtt *mqtt);
/* Before a stop: a link that is down stays so, and so does one that is lost. */
void mqtt_stay_down(struct mqtt *mqtt);

/* port_broker, by these very functions. */
size_t mqtt_room(void *context);
/* ERR_INVALID: it can never be sent (a topic with wildcards, or larger than the broker takes); told
 * at once, and not again by on_delivered. ERR_FULL, ERR_DOWN: there was no room. */
enum err mqtt_publish(void *context, const struct post *post);
void mqtt_acknowledge(void *context, uint64_t ack_ticket);

/* Sends what the gate has buffered, as far as the socket takes it now. */
void mqtt_flush(struct mqtt *mqtt);

/* Publishes the offline status, disconnects, waits for the last bytes up to timeout_ms. */
void mqtt_stop(struct mqtt *mqtt, int64_t timeout_ms);

struct mqtt_stats mqtt_stats(const struct mqtt *mqtt);

bool mqtt_is_up(const struct mqtt *mqtt);
const char *mqtt_last_problem(const struct mqtt *mqtt); /* why it is down; "" when up */

#endif
