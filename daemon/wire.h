/*
 * Builds every part as planned, ties the bridge's ports to them, and takes all down in reverse. The
 * one place, with loop.c, that knows everybody.
 */
#ifndef DAEMON_WIRE_H
#define DAEMON_WIRE_H

#include "daemon/admin.h"
#include "daemon/crowd.h"
#include "daemon/plan.h"
#include "daemon/snapshot.h"
#include "daemon/supervisor.h"

/* What a link's events come with. */
struct wire_link {
    struct wire *wire;
    enum side side;
};

struct wire {
    struct plan *plan;
    struct snapshot facts; /* what is published next: daemon/survey.h */
    struct snapshot_exchange snapshots;
    struct supervisor supervisor;
    struct news *news;   /* of decided commands, for the admin thread */
    int state_folder;    /* its descriptor holds the lock */
    struct local *local; /* NULL: the endpoint is not the embedded one */
    struct admin *admin;
    int64_t count_ms; /* when the dead letters are counted again */

    /* The core: what is built anew from the journal after the journal has failed. All or none. */
    struct journal *journal;
    struct caller *caller;
    struct mqtt *links[SIDE_COUNT]; /* NULL: there is no such broker */
    struct wire_link ends[SIDE_COUNT];
    struct bridge *bridge;
    struct crowd crowd;
    int64_t retry_ms; /* when the core is built again, while there is none */
};

/* Takes the config over, also on failure; then everything is taken down again. */
nodiscard enum err wire_new(struct config *config, struct wire **ret, struct why *why);
void wire_free(struct wire *wire);

/* What a configuration for wire_adopt comes to, checked as far as it can be beside the old one.
 * Takes the config over. */
nodiscard enum err wire_plan(const struct wire *wire, struct config *config, struct plan **ret,
                             struct why *why);
/* Goes on by another plan: builds the core anew from the journal. Where that fails it goes on by
 * the old one. The bridge has to be idle, as far as it gets. Takes the plan over. */
nodiscard enum err wire_adopt(struct wire *wire, struct plan *plan, struct why *why);

bool wire_has_core(const struct wire *wire);

/* The part of a turn that needs no core, and that a clean stop still needs: calls and
 * credentials. */
void wire_turn_http(struct wire *wire);
/* The part of a turn that lets out what the rest has brought; there has to be a core. */
void wire_turn_bridge(struct wire *wire);
/* One turn of everything, without waiting. Builds the core again where it is due. */
void wire_turn(struct wire *wire);
/* When the next turn is due even if nothing happens, on the monotonic clock. */
int64_t wire_due_ms(const struct wire *wire);

#endif
