/*
 * What the bridge needs from the world, and the nouns both sides share.
 *
 * Each port is a struct of functions with a context; the daemon fills it from mqtt/, http/ and
 * store/, a test fills it with fakes. All functions are called on the loop thread. A port never
 * calls back into the bridge from inside one of these functions: what it learns comes later, on its
 * own turn, and exactly once for each thing that was started.
 */
#ifndef BRIDGE_PORT_H
#define BRIDGE_PORT_H

#include "base/err.h"
#include "base/str.h"
#include "jobs/fault.h"

/* A PUBLISH as the broker delivered it. The views live until the receiving function returns. */
struct arrival {
    struct str topic;
    struct str payload;
    struct str response_topic; /* absent when there is none, and in MQTT 3.1.1 */
    struct str correlation;    /* likewise */
    int64_t expiry_s;          /* MQTT 5 Message Expiry Interval; -1: none */
    int qos;
    bool is_retained;
    bool is_duplicate;   /* the DUP flag: a hint, no more */
    uint64_t ack_ticket; /* names the PUBACK that is held back; 0 at QoS 0 */
};

/* A QoS 1 PUBLISH to send. The views need only live for the call. */
struct post {
    uint64_t id; /* comes back in bridge_on_delivered; unique among those not yet delivered */
    struct str topic;
    struct str payload;
    struct str correlation; /* absent: none */
};

struct port_broker {
    void *context;
    /* How many posts fit now: 0 while the link is down or the window is full. */
    size_t (*room)(void *context);
    /* Takes one post, only when there is room. Whether it arrived is told by bridge_on_delivered;
     * after bridge_on_link(false) nothing more is told of it and it has to be posted again. */
    enum err (*publish)(void *context, const struct post *post);
    /* Releases the PUBACK of one arrival. A ticket of an earlier link is ignored. */
    void (*acknowledge)(void *context, uint64_t ack_ticket);
};

/* One UpdateJob attempt. The views need only live for the call. */
struct call {
    uint64_t id; /* comes back in bridge_on_reply */
    struct str job;
    struct str namespace; /* absent: none */
    struct str body;      /* the JSON to send */
};

struct reply {
    uint64_t id;
    enum fault_class class; /* FAULT_NONE: it was done */
    enum fault fault;
    int http_status;        /* 0 when there was no answer */
    struct str message;     /* AWS's words, or the transport's */
    struct str request_id;  /* x-amzn-RequestId; absent when there was none */
    int64_t retry_after_ms; /* from Retry-After or x-amz-retry-after; -1: none */
};

struct port_endpoint {
    void *context;
    /* Starts one call; bridge_on_reply comes later, exactly once. */
    enum err (*call)(void *context, const struct call *call);
};

struct port_time {
    void *context;
    int64_t (*mono_ms)(void *context);
    int64_t (*wall_ms)(void *context);
};

struct port_chance {
    void *context;
    uint64_t (*below)(void *context, uint64_t limit); /* uniform in [0, limit) */
};

/* What is known of one job execution (AWS's JobExecutionSummary in the notify event). */
struct execution {
    bool is_in_progress; /* otherwise QUEUED */
    int64_t queued_at_s;
    int64_t started_at_s; /* -1: not started */
    int64_t last_updated_at_s;
    int64_t execution_number;
    int64_t version_number;
};

/* Optional: only the embedded endpoint knows. find == NULL otherwise. */
struct port_executions {
    void *context;
    /* ERR_NOT_FOUND when the thing has no pending execution of that job. */
    enum err (*find)(void *context, struct str thing, struct str job, struct execution *ret);
};

#endif
