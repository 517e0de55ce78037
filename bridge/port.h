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
#include "base/trace.h"
#include "base/why.h"
#include "jobs/fault.h"

/* Commands come from the local broker, and from the upstream one where that is wanted; notices come
 * from the upstream one alone. */
enum side { SIDE_LOCAL, SIDE_UPSTREAM, SIDE_COUNT };

/* A PUBLISH as a broker delivered it. The views live until the receiving function returns. */
struct arrival {
    enum side from;
    struct str topic;
    struct str payload;
    struct str response_topic; /* absent when there is none, and in MQTT 3.1.1 */
    struct str correlation;    /* likewise */
    struct trace trace;        /* likewise; as it came, valid or not */
    int64_t expiry_s;          /* MQTT 5 Message Expiry Interval; -1: none */
    int qos;
    bool is_retained;
    bool is_duplicate;   /* the DUP flag: a hint, no more */
    uint64_t ack_ticket; /* names the PUBACK that is held back; 0 at QoS 0 */
};

/* A QoS 1 PUBLISH to send. The views need only live for the call. */
struct post {
    uint64_t id; /* comes back in bridge_on_delivered; unique among those the broker still owes */
    struct str topic;
    struct str payload;
    struct str correlation; /* absent: none */
    struct trace trace;     /* likewise, and where the protocol has no place for it */
};

struct port_broker {
    void *context; /* the functions are NULL where there is no such broker */
    /* How many posts fit now: 0 while the link is down or the window is full. */
    size_t (*room)(void *context);
    /* Takes one post, only when there is room. Whether it arrived is told by bridge_on_delivered;
     * after bridge_on_link(false) nothing more is told of it and it has to be posted again.
     * ERR_INVALID: it breaks a rule of MQTT or of the broker, now and ever; other errors: later. */
    enum err (*publish)(void *context, const struct post *post);
    /* Releases the PUBACK of one arrival; it leaves when those of all before it are released, too.
     * A ticket of an earlier link is ignored. */
    void (*acknowledge)(void *context, uint64_t ack_ticket);
};

/* One UpdateJob attempt. The views need only live for the call. */
struct call {
    uint64_t id; /* comes back in bridge_on_reply */
    struct str job;
    struct str namespace; /* absent: none */
    struct str body;      /* the JSON to send */
    struct trace trace;   /* of the newest command in it that has one */
};

struct reply {
    uint64_t id;
    enum fault_class class; /* FAULT_NONE: it was done */
    enum fault fault;
    int http_status;        /* 0 when there was no answer */
    struct str message;     /* AWS's words, or the transport's */
    struct str request_id;  /* x-amzn-RequestId; absent when there was none */
    int64_t retry_after_ms; /* from Retry-After or x-amz-retry-after; -1: none */
    struct str body;        /* of a DescribeJob: its answer */
};

struct port_endpoint {
    void *context;
    /* Starts one call; bridge_on_reply comes later, exactly once. */
    enum err (*call)(void *context, const struct call *call);
    /* The same for DescribeJob of the call's job; the call's body says what is to be found out and
     * is not sent. NULL where nobody asks. */
    enum err (*describe)(void *context, const struct call *call);
};

/* How a command ended. code 0: accepted. Absent texts were not there. */
struct ending {
    int64_t code;
    struct str field;
    struct str message;
    struct str request_id;
    int64_t retry_after_s; /* -1: none */
    int64_t decided_at_s;  /* wall clock */
    int64_t latency_ms;
    int64_t attempts;
    int64_t shared_by;
};

enum journal_state {
    JOURNAL_OPEN,     /* taken in, not decided */
    JOURNAL_DECIDED,  /* the broker does not have all of its answer and events yet */
    JOURNAL_FINISHED, /* kept for the dedupe window only */
};

/* A command or a notice as the journal keeps it. */
struct journal_entry {
    uint64_t seq; /* arrival order; unique for ever */
    enum journal_state state;
    enum side from;
    bool is_notice; /* decided from the start, and no part of the totals */
    struct str topic;
    struct str payload;
    struct str response_topic; /* a valid one, or absent */
    struct str correlation;    /* absent: none */
    struct str repeat_of;      /* its clientToken or Correlation Data; absent: neither */
    struct trace trace;        /* a valid one, or absent */
    int64_t qos;
    int64_t arrived_at_ms; /* wall clock */
    int64_t expires_at_ms; /* wall clock, of the Message Expiry Interval; -1: none */
    struct ending ending;  /* of a decided one */
};

/* The books across restarts: what the journal's commands add up to, those collected included.
 * Notices are not counted, but take their seq from the same row of numbers. */
struct journal_totals {
    uint64_t received;
    uint64_t accepted;
    uint64_t rejected;
    uint64_t next_seq;
};

typedef enum err journal_visit_fn(void *context, const struct journal_entry *entry);

/* Durable memory. Changes belong to one transaction that commit ends; nothing may leave the bridge
 * before commit has returned ERR_NONE. After any failure the journal is of no more use: the bridge
 * has to be built anew from a newly opened one. */
struct port_journal {
    void *context; /* the functions are NULL where there is no journal */
    /* Takes a command in; its state says whether it is decided already. */
    enum err (*add)(void *context, const struct journal_entry *entry, struct why *why);
    enum err (*decide)(void *context, uint64_t seq, const struct ending *ending, struct why *why);
    enum err (*finish)(void *context, uint64_t seq, struct why *why);
    /* Finished, but what was to be published could not be: keeps it as a dead letter. */
    enum err (*bury)(void *context, uint64_t seq, struct str reason, int64_t wall_ms,
                     struct why *why);
    /* The newest command within the dedupe window with the topic, repeat_of and payload of like.
     * ERR_NOT_FOUND: none. The views live until the next call. */
    enum err (*find)(void *context, const struct journal_entry *like, int64_t wall_ms,
                     struct journal_entry *ret, struct why *why);
    /* Ends the transaction, and collects what has left the dedupe window. */
    enum err (*commit)(void *context, int64_t wall_ms, struct why *why);
    /* Whether it may take in more: false at its size limit or with the disk full. */
    bool (*has_room)(void *context);
    void (*totals)(void *context, struct journal_totals *ret);
    /* Every command that is not finished, in order of arrival. */
    enum err (*each)(void *context, journal_visit_fn *visit, void *visit_context, struct why *why);
};

typedef enum err memory_visit_fn(void *context, struct str job, struct str text);

/* What the bridge wants to know of jobs after a restart. It is part of the journal: a change
 * belongs to the same transaction, and a failure of it makes the commit fail. */
struct port_memory {
    void *context; /* the functions are NULL where there is none */
    /* Replaces what is kept of the job; text absent: nothing is. */
    enum err (*remember)(void *context, struct str job, struct str text, struct why *why);
    /* What is kept of each job, the one that was changed longest ago first. */
    enum err (*each)(void *context, memory_visit_fn *visit, void *visit_context, struct why *why);
};

struct port_time {
    void *context;
    int64_t (*mono_ms)(void *context);
    int64_t (*wall_ms)(void *context);
    int64_t (*mono_us)(void *context); /* to measure with; NULL: mono_ms is fine enough */
};

struct port_chance {
    void *context;
    uint64_t (*below)(void *context, uint64_t limit); /* uniform in [0, limit) */
};

/* A command that was just decided. It is told before it is durable: after a crash in between it is
 * decided, and told, again. The views live for the call. */
struct decision {
    struct str job;   /* absent: the topic was refused */
    struct str thing; /* absent: an operator */
    struct str namespace;
    int64_t code; /* an enum reject; 0: accepted */
    struct str field;
    struct str message;
    int64_t latency_ms;
    unsigned attempts;
    unsigned shared_by;
    bool is_dry_run;
};

/* Optional: decided == NULL where nobody watches. It must not wait. */
struct port_watch {
    void *context;
    void (*decided)(void *context, const struct decision *decision);
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
