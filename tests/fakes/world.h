/*
 * A scripted world around a real bridge: a clock that only the test moves, chance that repeats, a
 * broker and an endpoint that do as they are told. Times are milliseconds since the world began.
 *
 * After every step world_check_step must hold.
 */
#ifndef FAKES_WORLD_H
#define FAKES_WORLD_H

#include "tests/fakes/world_broker.h"
#include "tests/fakes/world_endpoint.h"

#define WORLD_WALL_START_S 1700000000 /* what the wall clock shows when the world begins */

/* What is left zero has the value in brackets. */
struct world_options {
    unsigned max_in_flight;      /* [8] */
    double rate_per_second;      /* [no limit] */
    unsigned burst;              /* [10] */
    bool coalesces;              /* [one command, one call] */
    unsigned reserve_percent;    /* [0] */
    unsigned waiting_per_thing;  /* [no limit] */
    int64_t deadline_ms;         /* [five minutes] */
    const char *notify;          /* one template [documented] */
    uint64_t seed;               /* [every random value is the highest it can be] */
    struct port_executions find; /* [none] */
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
    int64_t expires_in_s;       /* MQTT 5 Message Expiry; 0: none */
    bool is_retained;
    bool is_qos0;
};

struct world_arrival {
    char *job;
    int64_t at_ms;
    unsigned link;
    uint64_t ticket;
    bool is_taken;
    bool is_acknowledged;
    size_t last_answer;         /* place among the broker's posts, from 1; 0: none yet */
    unsigned answers_delivered; /* counted by world_check_end */
    char code[32];              /* of the last answer, see world_code */
};

struct world {
    int64_t now_ms;
    uint64_t chance; /* state of the generator; 0: always the highest */
    unsigned max_in_flight;
    bool coalesces;
    struct bridge *bridge;
    struct world_broker broker;
    struct world_endpoint endpoint;
    struct world_arrival *arrivals; /* by number */
    size_t arrival_count;
    size_t arrival_capacity;
    size_t taken_count;
    bool is_abandoned;
    size_t posts_seen; /* how far the checks have looked */
    size_t acks_seen;
    size_t calls_seen;
};

/* The link is up, deliveries take no time, every call is done at once. */
struct world *world_new(const struct world_options *options);
void world_free(struct world *world);

/* The end of a scenario: world_check_end must hold. Then frees the world. */
void world_end(struct world *world);

/* A command arrives. Returns its number, from 0. Without a payload of its own it is
 * {"description":"#<number>","clientToken":"t<number>",members}; its correlation data is always
 * "c<number>". The bridge's turn comes with the next step. */
size_t world_send(struct world *world, const struct world_command *command);

void world_link(struct world *world, bool is_up);
void world_deliver(struct world *world, size_t count);
void world_turn(struct world *world);

/* Lets everything happen that is due up to and at that time, each at its own time. */
void world_run_until(struct world *world, int64_t at_ms);

/* Runs until the bridge is idle, which must be so before at_ms. */
void world_run_until_idle(struct world *world, int64_t at_ms);

/* How a command was answered last: "" not yet, "accepted", or the code of the rejection. */
const char *world_code(const struct world *world, size_t number);
const struct world_post *world_answer(const struct world *world, size_t number);

/* Whose command a call carries: the number in its description. */
size_t world_number_of(const struct world_call *call);

uint64_t world_below(struct world *world, uint64_t limit);

#endif
