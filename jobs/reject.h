/*
 * The codes of a rejected answer: those of AWS's own Jobs MQTT API, and three where it has none
 * (Forbidden, Expired, ServiceUnavailable are the bridge's own words).
 */
#ifndef JOBS_REJECT_H
#define JOBS_REJECT_H

#include "base/str.h"
#include "jobs/fault.h"

enum reject {
    REJECT_NONE = 0, /* not rejected */
    REJECT_INVALID_TOPIC,
    REJECT_INVALID_JSON,
    REJECT_INVALID_REQUEST,
    REJECT_RESOURCE_NOT_FOUND,
    REJECT_REQUEST_THROTTLED,
    REJECT_INTERNAL_ERROR,
    REJECT_FORBIDDEN,
    REJECT_EXPIRED,
    REJECT_SERVICE_UNAVAILABLE,
    REJECT_COUNT
};

const char *reject_name(enum reject reject); /* "InvalidTopic", ...; "" for REJECT_NONE */

/* The code a device sees when UpdateJob ended in this fault for good. */
enum reject reject_of_fault(enum fault fault);

#endif
