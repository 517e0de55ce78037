/*
 * Checks the SigV4 signature of a request, as AWS does: scopes "iot" and "execute-api" (older
 * clients), any SignedHeaders that include host and a date, the path encoded twice, the query
 * sorted, X-Amz-Content-Sha256 (UNSIGNED-PAYLOAD included), a session token, five minutes of skew.
 * Pure but for reading the request's headers.
 */
#ifndef HTTP_SIGV4_VERIFY_H
#define HTTP_SIGV4_VERIFY_H

#include "http/credentials.h"
#include "http/server.h"
#include "http/sigv4.h"
#include "jobs/fault.h"

#define SIGV4_VERIFY_SKEW_S 300

struct sigv4_verify_options {
    const struct credential *credential; /* the one key pair that is known */
    struct str region;
    int64_t now_s;
    struct sigv4 *sigv4; /* keeps the day's key between requests; NULL: it is derived each time */
};

/* FAULT_OK, or the fault AWS answers with (missing token, unknown key, bad signature, expired) and
 * its message in why. */
nodiscard enum fault sigv4_verify(const struct server_request *request,
                                  const struct sigv4_verify_options *options, struct why *why);

#endif
