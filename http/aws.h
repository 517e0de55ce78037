/*
 * Signed JSON requests to one AWS IoT endpoint: SigV4 (service "iot") with the credentials of the
 * moment, over the shared HTTP client, each attempt once. On the loop thread.
 *
 * A request that finds no credentials waits while they are being fetched. When an answer blames the
 * credentials they are fetched again; when it blames the signature and its Date is far from our
 * clock, later requests are dated by its clock.
 */
#ifndef HTTP_AWS_H
#define HTTP_AWS_H

#include "http/credentials.h"
#include "http/endpoint.h"
#include "http/http.h"
#include "jobs/fault.h"

struct aws;

struct aws_request {
    uint64_t id; /* comes back in the answer */
    const char *method;
    struct str path;  /* percent-encoded, from '/' on */
    struct str query; /* percent-encoded, without '?'; absent: none */
    struct str body;  /* JSON; absent: none */
    int64_t timeout_ms;
    size_t answer_bytes_max; /* 0: LIMITS_ANSWER_BYTES */
};

struct aws_answer {
    uint64_t id;
    enum fault_class class; /* FAULT_NONE: it was done */
    enum fault fault;
    int http_status;        /* 0 when there was no answer */
    struct str message;     /* AWS's words, or why there was no answer; "" for none */
    struct str request_id;  /* absent when there was none */
    int64_t retry_after_ms; /* -1: none */
    struct str body;
    int64_t took_us; /* from sending to the answer; -1: it was never sent */
};

/* The views live until it returns. */
typedef void aws_done_fn(void *context, const struct aws_answer *answer);

struct aws_options {
    struct http *http;
    struct credentials *credentials;
    const struct endpoint *endpoint; /* copied */
    struct str region;               /* copied */
    aws_done_fn *done;
    void *context;
};

nodiscard enum err aws_new(const struct aws_options *options, struct aws **ret, struct why *why);
/* Before the http, not from inside done. Answers still due never come. */
void aws_free(struct aws *aws);

/* The request is copied. done comes later, exactly once: from http_turn or from aws_turn. */
nodiscard enum err aws_start(struct aws *aws, const struct aws_request *request);

/* Sends what waited for credentials, answers what has none. Once a turn of the loop, behind
 * credentials_turn. */
void aws_turn(struct aws *aws);
bool aws_is_due(const struct aws *aws); /* aws_turn has something to do: do not wait */

#endif
