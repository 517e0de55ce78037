/*
 * The HTTP client: libcurl's multi interface on the loop thread, kept-alive HTTP/1.1 connections.
 *
 * Also the loop's one place to wait: http_wait polls curl's sockets and the loop's own descriptors
 * together. Callbacks come from http_turn and from nowhere else; each request ends exactly once.
 *
 * A request is sent as it is: no redirects, no proxy or netrc of the environment, no rewriting of
 * the path. https needs TLS 1.2 and a certificate that verifies. The process has to ignore SIGPIPE:
 * OpenSSL writes without MSG_NOSIGNAL.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"

#include <poll.h>

struct http;

/* A client certificate, in PEM files that are read at each connect. */
struct http_identity {
    const char *cert_file;
    const char *key_file;
    const char *ca_file; /* who may have signed the server's; NULL: as in http_options */
};

struct http_request {
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value", NULL terminated; libcurl adds Host */
    struct str body;            /* absent: none */
    int64_t timeout_ms;
    size_t answer_bytes_max;              /* 0: LIMITS_ANSWER_BYTES; the rest is cut off */
    const struct http_identity *identity; /* NULL: none; copied */
    /* Headers, body and answer are wiped at the end, as far as they are ours, and the connection is
     * not kept. */
    bool is_secret;
};

struct http_answer {
    int status; /* 0: no answer, the reason is in problem */
    struct str body;
    bool is_cut;            /* the body was longer */
    struct str error_type;  /* x-amzn-ErrorType; absent when there was none */
    struct str request_id;  /* x-amzn-RequestId; likewise */
    struct str date;        /* Date; likewise */
    int64_t retry_after_ms; /* from x-amz-retry-after (ms) or Retry-After (s); -1: none */
    const char *problem;    /* what went wrong below HTTP; NULL: nothing */
};

/* The views live until it returns. */
typedef void http_done_fn(void *context, const struct http_answer *answer);

struct http_options {
    unsigned connections_max; /* requests at a time; more are refused with ERR_FULL */
    const char *ca_file;      /* NULL: the system's */
};

nodiscard enum err http_new(const struct http_options *options, struct http **ret, struct why *why);
/* Drops requests under way without a word. Not from inside done. */
void http_free(struct http *http);

/* The request is copied. done comes later, exactly once. */
nodiscard enum err http_start(struct http *http, const struct http_request *request,
                              http_done_fn *done, void *context);

/* Drops every request started with this context without a word. Not from inside done. */
void http_drop(struct http *http, const void *context);

#define HTTP_WAIT_FDS_MAX 8 /* of the caller's descriptors */

/* Waits for curl's sockets or the caller's, at most timeout_ms, less when curl has a timer due;
 * revents are filled in. Only POLLIN, POLLPRI and POLLOUT are known. */
void http_wait(struct http *http, struct pollfd *fds, unsigned fd_count, int64_t timeout_ms);
void http_turn(struct http *http); /* moves transfers on and calls done for those that ended */

#endif
