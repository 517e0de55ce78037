/*
 * The AWS error taxonomy, as one table: what an error's type says about trying again.
 *
 * Classified by type, never by HTTP status alone: AWS IoT's throttling is a 400, and a 200 can
 * carry a fault. Sources: the UpdateJob model (2015-05-28), botocore's and Smithy's retry lists.
 */
#ifndef JOBS_FAULT_H
#define JOBS_FAULT_H

#include "base/str.h"

enum fault_class {
    FAULT_NONE,        /* no fault */
    FAULT_PERMANENT,   /* the same call fails the same way: answer it */
    FAULT_THROTTLED,   /* too fast: slow down, then again */
    FAULT_TRANSIENT,   /* the service or the network: again after a while */
    FAULT_CREDENTIALS, /* keys or clock: refresh, then again */
    FAULT_CLASS_COUNT
};

enum fault {
    FAULT_OK = 0,
    FAULT_INVALID_REQUEST,
    FAULT_RESOURCE_NOT_FOUND,
    FAULT_RESOURCE_ALREADY_EXISTS,
    FAULT_INVALID_STATE_TRANSITION,
    FAULT_VERSION_CONFLICT,
    FAULT_LIMIT_EXCEEDED,
    FAULT_ACCESS_DENIED,
    FAULT_THROTTLING,
    FAULT_SERVICE_UNAVAILABLE,
    FAULT_INTERNAL_FAILURE,
    FAULT_REQUEST_TIMEOUT,
    FAULT_EXPIRED_TOKEN,
    FAULT_UNRECOGNIZED_CLIENT,
    FAULT_INVALID_SIGNATURE,
    FAULT_MISSING_AUTHENTICATION_TOKEN,
    FAULT_INCOMPLETE_SIGNATURE,
    FAULT_TRANSPORT, /* no HTTP answer at all */
    FAULT_UNKNOWN,   /* an answer whose type is not in the table: classified by status */
    FAULT_COUNT
};

/* The row of a fault. name is AWS's type ("ThrottlingException"); http_status what AWS sends. */
const char *fault_name(enum fault fault);
int fault_http_status(enum fault fault);
enum fault_class fault_class_of(enum fault fault);
const char *fault_class_name(enum fault_class class);

/* The fault of a type as it stands on the wire: "ThrottlingException:",
 * "ThrottlingException:http://...", "com.amazon.coral.service#UnknownOperationException".
 * Synonyms ("Throttling", "TooManyRequestsException", ...) fold into one row; FAULT_UNKNOWN if
 * there is none. */
enum fault fault_parse(struct str type);

/* The class where only a status is known: 2xx none, 408 425 429 5xx transient (429: throttled),
 * otherwise permanent. */
enum fault_class fault_class_of_status(int http_status);

#endif
