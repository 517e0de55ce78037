/*
 * Every protocol limit and every maximum of a queue, table, buffer or file, in one place.
 * AWS limits: AWS IoT Core and AWS IoT Device Management quotas; UpdateJob service model
 * 2015-05-28.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Identifiers, in characters (all are ASCII). Source: the service model's patterns and lengths;
 * namespaceId has no length there and takes jobId's. */
#define LIMITS_JOB_ID       64
#define LIMITS_NAMESPACE_ID 64
#define LIMITS_THING_NAME   128
#define LIMITS_CLIENT_TOKEN 64

/* Topics. Source: AWS IoT Core message broker quotas. */
#define LIMITS_TOPIC_BYTES   256
#define LIMITS_TOPIC_SLASHES 7
#define LIMITS_TOPIC_ROOT    64 /* the bridge's own: leaves an answer topic room for the rest */

/* Subscriptions of one connection. Source: AWS IoT Core message broker quotas. */
#define LIMITS_AWS_SUBSCRIPTIONS 50

/* A command. Source: AWS IoT Core maximum publish size; `things` is the bridge's own. */
#define LIMITS_COMMAND_BYTES 131072
#define LIMITS_UPDATE_BYTES                                                                        \
    122880 /* of a command's update as it is sent on: its events have to fit */
#define LIMITS_COMMAND_THINGS 100

/* Jobs in one notice. AWS names 15 at most (Jobs: pending executions in a notify message). */
#define LIMITS_NOTICE_JOBS 100

/* Correlation Data is echoed, so it is bounded; MQTT 5 itself allows 65,535 bytes. */
#define LIMITS_CORRELATION_BYTES 1024

/* The bridge's own queues, in commands and messages. */
#define LIMITS_WAITING       100000 /* commands undecided; beyond it arrivals are parked */
#define LIMITS_PARKED        4096   /* arrivals not taken in for lack of room, not acknowledged */
#define LIMITS_FOLLOWED      300    /* pairs of things and namespaces that are followed upstream */
#define LIMITS_NOTICES       10000  /* undelivered; beyond it those of upstream are parked */
#define LIMITS_NOTICE_BYTES  (32UL * 1024 * 1024) /* likewise, of memory */
#define LIMITS_SPOKEN        32768 /* of what was published, to know it when it comes back */
#define LIMITS_DEAD_LETTERS  1000  /* beyond it the oldest is dropped */
#define LIMITS_MAX_IN_FLIGHT 256   /* largest jobs.max_in_flight */
#define LIMITS_BATCH         1024  /* commands that share one call */
#define LIMITS_KNOWN_JOBS    10000 /* whose numbers are remembered for the policy */
#define LIMITS_PARTITIONS    256   /* bridges that share the jobs of one broker */

/* A tracestate that is handed on. Source: W3C Trace Context, level 1, 3.3. */
#define LIMITS_TRACESTATE_BYTES   512
#define LIMITS_TRACESTATE_MEMBERS 32

/* jobs-bridge send. */
#define LIMITS_SEND_COMMANDS 1000000 /* of one run, whose latencies are kept */
#define LIMITS_SEND_FLIGHT   1000    /* sent and not answered: jobs.waiting_per_thing's default */

/* The policy file. */
#define LIMITS_POLICY_RULES 1000
#define LIMITS_POLICY_GLOBS 100 /* of one kind in one rule */

/* MQTT link. Message ids are searched linearly in Paho, hence the window. */
#define LIMITS_PUBLISH_WINDOW  256 /* QoS 1 publishes not yet acknowledged by the broker */
#define LIMITS_RECEIVE_MAXIMUM 256 /* MQTT 5 Receive Maximum we ask for */
/* Filters in one SUBSCRIBE or UNSUBSCRIBE. Source: AWS IoT Core message broker quotas, maximum
 * subscriptions per subscribe request. */
#define LIMITS_SUBSCRIBE_FILTERS 8
#define LIMITS_BROKER_ADDRESSES  8 /* of one host that are tried, one every quarter of a second */
/* A packet in either direction: a payload, its topic, Correlation Data and the other properties. */
#define LIMITS_PACKET_BYTES (LIMITS_COMMAND_BYTES + 8 * 1024)
/* Waiting for the broker's socket: a window of the largest packets, and acknowledgements. */
#define LIMITS_OUT_BYTES (LIMITS_PUBLISH_WINDOW * LIMITS_PACKET_BYTES + 1024 * 1024)

/* HTTP. */
#define LIMITS_ANSWER_BYTES  65536  /* of an UpdateJob answer; the rest is cut off */
#define LIMITS_REQUEST_BYTES 262144 /* of a request to the embedded endpoint */
#define LIMITS_STREAMS       16     /* answers without an end that are open at a time */
#define LIMITS_STREAM_BYTES  262144 /* of one that its peer has not read yet */

/* The dashboard. */
#define LIMITS_NEWS          2048 /* decided commands on their way to the admin thread */
#define LIMITS_RECENT        200  /* of them, kept to be shown */
#define LIMITS_ROSTER        1000 /* jobs, and things, whose commands are counted */
#define LIMITS_HISTORY       600  /* seconds of flow and latency */
#define LIMITS_SHOWN_LETTERS 200  /* dead letters in one answer */
#define LIMITS_NEWS_SENT     10   /* decided commands in one message to those who watch */

/* The embedded endpoint's database: beyond it changes are refused, never lost. Room for AWS's
 * 100,000 active jobs with large documents. */
#define LIMITS_JOBS_FILE_BYTES (4LL * 1024 * 1024 * 1024)

#endif
