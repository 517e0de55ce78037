#include "jobs/reject.h"

const char *reject_name(enum reject reject)
{
    static const char *const names[REJECT_COUNT] = {
        [REJECT_NONE] = "",
        [REJECT_INVALID_TOPIC] = "InvalidTopic",
        [REJECT_INVALID_JSON] = "InvalidJson",
        [REJECT_INVALID_REQUEST] = "InvalidRequest",
        [REJECT_RESOURCE_NOT_FOUND] = "ResourceNotFound",
        [REJECT_REQUEST_THROTTLED] = "RequestThrottled",
        [REJECT_INTERNAL_ERROR] = "InternalError",
        [REJECT_FORBIDDEN] = "Forbidden",
        [REJECT_EXPIRED] = "Expired",
        [REJECT_SERVICE_UNAVAILABLE] = "ServiceUnavailable",
    };
    return names[reject];
}

/* A device can mend neither the bridge's credentials nor the service: both are "not now". */
enum reject reject_of_fault(enum fault fault)
{
    static const enum reject rejects[FAULT_COUNT] = {
        [FAULT_OK] = REJECT_NONE,
        [FAULT_INVALID_REQUEST] = REJECT_INVALID_REQUEST,
        [FAULT_RESOURCE_NOT_FOUND] = REJECT_RESOURCE_NOT_FOUND,
        [FAULT_RESOURCE_ALREADY_EXISTS] = REJECT_INVALID_REQUEST,
        [FAULT_INVALID_STATE_TRANSITION] = REJECT_INVALID_REQUEST,
        [FAULT_VERSION_CONFLICT] = REJECT_INVALID_REQUEST,
        [FAULT_LIMIT_EXCEEDED] = REJECT_REQUEST_THROTTLED,
        [FAULT_ACCESS_DENIED] = REJECT_FORBIDDEN,
        [FAULT_THROTTLING] = REJECT_REQUEST_THROTTLED,
        [FAULT_SERVICE_UNAVAILABLE] = REJECT_SERVICE_UNAVAILABLE,
        [FAULT_INTERNAL_FAILURE] = REJECT_SERVICE_UNAVAILABLE,
        [FAULT_REQUEST_TIMEOUT] = REJECT_SERVICE_UNAVAILABLE,
        [FAULT_EXPIRED_TOKEN] = REJECT_SERVICE_UNAVAILABLE,
        [FAULT_UNRECOGNIZED_CLIENT] = REJECT_SERVICE_UNAVAILABLE,
        [FAULT_INVALID_SIGNATURE] = REJECT_SERVICE_UNAVAILABLE,
        [FAULT_MISSING_AUTHENTICATION_TOKEN] = REJECT_SERVICE_UNAVAILABLE,
        [FAULT_INCOMPLETE_SIGNATURE] = REJECT_SERVICE_UNAVAILABLE,
        [FAULT_TRANSPORT] = REJECT_SERVICE_UNAVAILABLE,
        [FAULT_UNKNOWN] = REJECT_INTERNAL_ERROR,
    };
    return rejects[fault];
}
