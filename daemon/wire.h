/*
 * Builds every part from the configuration, ties the bridge's ports to them, and takes all down in
 * reverse. The one place, with loop.c, that knows everybody.
 */
#ifndef DAEMON_WIRE_H
#define DAEMON_WIRE_H

#include "bridge/bridge.h"
#include "daemon/admin.h"
#include "daemon/config.h"
#include "daemon/snapshot.h"
#include "daemon/supervisor.h"
#include "http/caller.h"
#include "http/http.h"
#include "local/local.h"
#include "mqtt/mqtt.h"
#include "store/journal.h"
#include "topics/topics.h"

/* Texts that are built here and used by the parts as long as they live. */
enum wire_text {
    WIRE_JOURNAL,
    WIRE_DATABASE,
    WIRE_CREDENTIALS_FILE,
    WIRE_ENDPOINT,
    WIRE_STATUS_TOPIC,
    WIRE_STATUS_ONLINE,
    WIRE_STATUS_OFFLINE,
    WIRE_FILTERS, /* the first of COMMAND_TOPIC_FILTERS */
    WIRE_TEXT_COUNT = WIRE_FILTERS + COMMAND_TOPIC_FILTERS
};

struct wire {
    const struct config *config;
    struct snapshot facts; /* what is published next: daemon/survey.h */
    struct snapshot_exchange snapshots;
    struct supervisor supervisor;
    struct news *news;   /* of decided commands, for the admin thread */
    int state_folder;    /* its descriptor holds the lock */
    struct local *local; /* NULL: the endpoint is not the embedded one */
    struct http *http;
    struct credentials *credentials;
    struct admin *admin;
    struct buf texts[WIRE_TEXT_COUNT];
    int64_t count_ms; /* when the dead letters are counted again */

    /* The core: what is built anew from the journal after the journal has failed. All or none. */
    struct journal *journal;
    struct caller *caller;
    struct mqtt *mqtt;
    struct bridge *bridge;
    int64_t retry_ms; /* when the core is built again, while there is none */
};

/* The config must outlive the wire. On failure everything is taken down again. */
nodiscard enum err wire_new(const struct config *config, struct wire **ret, struct why *why);
void wire_free(struct wire *wire);

bool wire_has_core(const struct wire *wire);

/* The part of a turn that needs no core, and that a clean stop still needs: calls and
 * credentials. */
void wire_turn_http(struct wire *wire);
/* One turn of everything, without waiting. Builds the core again where it is due. */
void wire_turn(struct wire *wire);
/* When the next turn is due even if nothing happens, on the monotonic clock. */
int64_t wire_due_ms(const struct wire *wire);

#endif
