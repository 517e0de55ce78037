/*
 * The endpoint port over HTTP: one signed UpdateJob attempt per call, no retry of its own.
 *
 *   PATCH <endpoint>/jobs/<job>[?namespaceId=<ns>]
 *
 * Signs with SigV4 (service "iot") and the credentials of the moment; classifies the answer by its
 * error type. On FAULT_CREDENTIALS it asks the source for fresh ones before it reports.
 */
#ifndef HTTP_CALLER_H
#define HTTP_CALLER_H

#include "base/histogram.h"
#include "bridge/port.h"
#include "http/credentials.h"
#include "http/http.h"

struct caller;

struct caller_stats {
    uint64_t ended[FAULT_CLASS_COUNT]; /* attempts, by how they ended */
    uint64_t described;                /* of them, DescribeJob */
    struct histogram latency;          /* of those that were sent, until the answer or none */
};

struct caller_options {
    const char *endpoint; /* https://iot.us-east-1.amazonaws.com or http://127.0.0.1:8099 */
    const char *region;
    int64_t timeout_ms;
    void *context;
    void (*on_reply)(void *context, const struct reply *reply);
    struct caller_stats stats; /* of an earlier one of the same run, to count on from */
};

nodiscard enum err caller_new(struct http *http, struct credentials *credentials,
                              const struct caller_options *options, struct caller **ret,
                              struct why *why);
/* Before the http, not from inside on_reply. Replies still due never come. */
void caller_free(struct caller *caller);

/* port_endpoint.call; its context is the struct caller. ERR_FULL: as many calls as the http takes
 * are under way. on_reply comes from http_turn or caller_turn. */
enum err caller_call(void *context, const struct call *call);

/* port_endpoint.describe: GET <endpoint>/jobs/<job>. */
enum err caller_describe(void *context, const struct call *call);

const struct caller_stats *caller_stats(const struct caller *caller);

/* Replies to calls that found no credentials. Once a turn of the loop; while caller_is_due the loop
 * should not wait. */
void caller_turn(struct caller *caller);
bool caller_is_due(const struct caller *caller);

#endif
