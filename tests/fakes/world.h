/*
 * A scripted world around a real bridge: a clock that only the test moves, chance that repeats, a
 * broker, an endpoint and a journal that do as they are told. Times are milliseconds since the
 * world began.
 *
 * After every step world_check_step must hold, and whatever leaves the bridge is watched: see
 * world_leave.h.
 */
#ifndef FAKES_WORLD_H
#define FAKES_WORLD_H

#include "tests/fakes/world_broker.h"
#include "tests/fakes/world_endpoint.h"
#include "tests/fakes/world_journal.h"

#define WORLD_WALL_START_S 1700000000 /* what the wall clock shows when the world begins */

/* What is left zero has the value in brackets. */
struct world_options {
    unsigned max_in_flight;      /* [8] */
    double rate_per_second;      /* [no limit] */
    unsigned burst;              /* [10] */
    bool coalesces;              /* [one command, one call] */
    unsigned reserve_percent;    /* [0] */
    unsigned waiting_per_thing;  /* [no limit] */
    bool verifies;               /* [calls without answer are made again] */
    int64_t deadline_ms;         /* [five minutes] */
    const char *notify;          /* one template [documented] */
    uint64_t seed;               /* [every random value is the highest it can be] */
    bool is_forgetful;           /* [the bridge has a journal] */
    bool redelivers;             /* [the broker forgets with the link what it has delivered] */
    struct port_executions find; /* [none] */
    const struct policy *policy; /* [everything is allowed] */
    struct partition partition;  /* [the bridge is alone] */
    struct port_memory memory;   /* [none] */
    bool has_upstream;           /* [there is the local broker alone] */
};

/* A command as a test words it; what is not said is left out. */
struct world_command {
    const char *thing; /* NULL: an operator */
    const char *job;
    const char *namespace;      /* in the topic */
    const char *members;        /* more members of the payload: "\"dryRun\":true" */
    const char *topic;          /* instead of the one made of the above */
    const char *payload;        /* instead of the one made of the above */
    const char *response_topic; /* MQTT 5 */
    const char *traceparent;    /* MQTT 5 user properties */
    const char *tracestate;
    int64_t expires_in_s; /* MQTT 5 Message Expiry; 0: none */
    bool is_retained;
    bool is_qos0;
    bool is_anonymous; /* without Correlation Data: its answers are not looked at */
    enum side from;    /* [local] */
    bool is_notice;    /* on a topic and with a payload of its own */
};

struct world_arrival {
    enum side from;
    bool is_notice;
    bool is_let_go; /* a notice that needs no journal: the bridge's own, or about no job */
    char *topic;
    char *payload;
    char *response_topic; /* NULL: none */
    char *correlation;    /* NULL: none */
    char *traceparent;    /* NULL: none */
    char *tracestate;     /* NULL: none */
    int64_t at_ms;
    int64_t expires_ms; /* -1: never */
    bool is_qos0;
    bool is_retained;
    unsigned link; /* of its last delivery */
    uint64_t ticket;
    bool is_taken;     /* counted by the bridge as received */
    bool is_elsewhere; /* as it was delivered last, its job is another bridge's */
    bool is_acknowledged;
    bool is_dropped;            /* expired at the broker, or of QoS 0 and lost in a crash */
    size_t last_answer;         /* place among its broker's posts, from 1; 0: none yet */
    size_t repeats_seen;        /* how often it was answered as a repeat */
    unsigned answers_delivered; /* counted by world_check_end */
    char code[32];              /* of the last answer, see world_code */
};

/* What a port of a broker knows. */
struct world_port {
    struct world *world;
    struct world_broker *broker;
};

struct world {
    int64_t now_ms;
    int64_t wall_shift_ms; /* the wall clock was put on by this; below 0: back */
    uint64_t chance;       /* state of the generator; 0: always the highest */
    unsigned max_in_flight;
    bool coalesces;
    bool is_forgetful;
    bool redelivers;
    struct bridge_options options; /* of every bridge of this world */
    struct bridge *bridge;         /* NULL between world_kill and world_start */
    struct world_broker broker;
    struct world_broker upstream;
    struct world_port ports[SIDE_COUNT];
    bool has_upstream;
    struct world_endpoint endpoint;
    struct world_journal journal;
    struct world_arrival *arrivals; /* by number */
    size_t arrival_count;
    size_t arrival_capacity;
    size_t *deliveries; /* number of the arrival of each, by ticket */
    size_t delivery_count;
    size_t delivery_capacity;
    size_t taken_count;
    size_t calls_before; /* this life of the bridge */
    bool is_abandoned;
    unsigned dies_in; /* the process dies before the n-th thing it does (1: the next); 0: never */
    unsigned dies_again_in;        /* what dies_in is after that */
    bool is_dead;                  /* so it has; world_crash follows by itself */
    bool was_up[SIDE_COUNT];       /* the links, before world_kill */
    size_t posts_seen[SIDE_COUNT]; /* how far the checks have looked */
    size_t acks_seen[SIDE_COUNT];
    size_t calls_seen;
    size_t effects_seen;
};

/* The link is up, deliveries take no time, every call is done at once. */
struct world *world_new(const struct world_options *options);
void world_free(struct world *world);

/* The end of a scenario: world_check_end must hold. Then frees the world. */
void world_end(struct world *world);

/* A command arrives. Returns its number, from 0. Without a payload of its own it is
 * {"description":"#<number>","clientToken":"t<number>",members}; its correlation data is
 * "c<number>". The bridge's turn comes with the next step. */
size_t world_send(struct world *world, const struct world_command *command);

/* The same message once more: by its sender, or by a broker that did not get the acknowledgement.
 */
void world_send_again(struct world *world, size_t number, bool is_duplicate);
/* Whatever was not acknowledged, in order. A new link begins with it in a world that redelivers. */
void world_send_unacknowledged(struct world *world, enum side side);
/* The number of the arrival that was delivered with the ticket. */
size_t world_delivered(const struct world *world, uint64_t ticket);

/* The end of the process: what was not committed is gone. A bridge whose journal has failed is
 * thrown away like this by itself. */
void world_kill(struct world *world);
/* The next process, on a new link if there was one. */
void world_start(struct world *world);
void world_crash(struct world *world); /* both at once */
/* After every step: checks it, and goes through the crash that is due. */
void world_look(struct world *world);

void world_link(struct world *world, bool is_up);
void world_link_upstream(struct world *world, bool is_up);
void world_deliver(struct world *world, size_t count); /* of the local broker's posts */
struct world_broker *world_broker_of(struct world *world, enum side side);
void world_turn(struct world *world);

/* Lets everything happen that is due up to and at that time, each at its own time. */
void world_run_until(struct world *world, int64_t at_ms);

bool world_is_at_rest(const struct world *world); /* the bridge is idle, and nothing waits */

/* Runs until the world is at rest, which must be so before at_ms. */
void world_run_until_idle(struct world *world, int64_t at_ms);

/* How a command was answered last: "" not yet, "accepted", or the code of the rejection. */
const char *world_code(const struct world *world, size_t number);
const struct world_post *world_answer(const struct world *world, size_t number);

/* Whose command a call carries: the number in its description. */
size_t world_number_of(const struct world_call *call);
bool world_has_number(struct str body);
size_t world_number_in(struct str body);

uint64_t world_below(struct world *world, uint64_t limit);

#endif
