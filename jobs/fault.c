#include "jobs/fault.h"

struct row {
    const char *name;
    int http_status;
    enum fault_class class;
};

/* LimitExceededException is no error of UpdateJob's own; AWS's SDKs count it as throttling. */
static const struct row rows[FAULT_COUNT] = {
    [FAULT_OK] = {"", 200, FAULT_NONE},
    [FAULT_INVALID_REQUEST] = {"InvalidRequestException", 400, FAULT_PERMANENT},
    [FAULT_RESOURCE_NOT_FOUND] = {"ResourceNotFoundException", 404, FAULT_PERMANENT},
    [FAULT_RESOURCE_ALREADY_EXISTS] = {"ResourceAlreadyExistsException", 409, FAULT_PERMANENT},
    [FAULT_INVALID_STATE_TRANSITION] = {"InvalidStateTransitionException", 409, FAULT_PERMANENT},
    [FAULT_VERSION_CONFLICT] = {"VersionConflictException", 409, FAULT_PERMANENT},
    [FAULT_LIMIT_EXCEEDED] = {"LimitExceededException", 410, FAULT_THROTTLED},
    [FAULT_ACCESS_DENIED] = {"AccessDeniedException", 403, FAULT_PERMANENT},
    [FAULT_THROTTLING] = {"ThrottlingException", 400, FAULT_THROTTLED},
    [FAULT_SERVICE_UNAVAILABLE] = {"ServiceUnavailableException", 503, FAULT_TRANSIENT},
    [FAULT_INTERNAL_FAILURE] = {"InternalFailureException", 500, FAULT_TRANSIENT},
    [FAULT_REQUEST_TIMEOUT] = {"RequestTimeoutException", 408, FAULT_TRANSIENT},
    [FAULT_EXPIRED_TOKEN] = {"ExpiredTokenException", 403, FAULT_CREDENTIALS},
    [FAULT_UNRECOGNIZED_CLIENT] = {"UnrecognizedClientException", 403, FAULT_CREDENTIALS},
    [FAULT_INVALID_SIGNATURE] = {"InvalidSignatureException", 403, FAULT_CREDENTIALS},
    [FAULT_MISSING_AUTHENTICATION_TOKEN] = {"MissingAuthenticationTokenException", 403,
                                            FAULT_CREDENTIALS},
    [FAULT_INCOMPLETE_SIGNATURE] = {"IncompleteSignatureException", 403, FAULT_CREDENTIALS},
    [FAULT_TRANSPORT] = {"Transport", 0, FAULT_TRANSIENT},
    [FAULT_UNKNOWN] = {"Unknown", 0, FAULT_PERMANENT},
};

struct synonym {
    const char *type;
    enum fault fault;
};

/* Other services' and older spellings, which AWS front ends use before the service is reached. */
static const struct synonym synonyms[] = {
    {"InvalidRequest", FAULT_INVALID_REQUEST},
    {"SerializationException", FAULT_INVALID_REQUEST},
    {"ValidationError", FAULT_INVALID_REQUEST},
    {"ValidationException", FAULT_INVALID_REQUEST},
    {"ResourceNotFound", FAULT_RESOURCE_NOT_FOUND},
    {"ConflictException", FAULT_VERSION_CONFLICT},
    {"AccessDenied", FAULT_ACCESS_DENIED},
    {"ForbiddenException", FAULT_ACCESS_DENIED},
    {"UnauthorizedException", FAULT_ACCESS_DENIED},

    {"BandwidthLimitExceeded", FAULT_THROTTLING},
    {"EC2ThrottledException", FAULT_THROTTLING},
    {"PriorRequestNotComplete", FAULT_THROTTLING},
    {"ProvisionedThroughputExceededException", FAULT_THROTTLING},
    {"RequestLimitExceeded", FAULT_THROTTLING},
    {"RequestThrottled", FAULT_THROTTLING},
    {"RequestThrottledException", FAULT_THROTTLING},
    {"SlowDown", FAULT_THROTTLING},
    {"ThrottledException", FAULT_THROTTLING},
    {"Throttling", FAULT_THROTTLING},
    {"TooManyRequestsException", FAULT_THROTTLING},
    {"TransactionInProgressException", FAULT_THROTTLING},

    {"ServiceUnavailable", FAULT_SERVICE_UNAVAILABLE},
    {"InternalError", FAULT_INTERNAL_FAILURE},
    {"InternalException", FAULT_INTERNAL_FAILURE},
    {"InternalFailure", FAULT_INTERNAL_FAILURE},
    {"InternalServerError", FAULT_INTERNAL_FAILURE},
    {"InternalServerException", FAULT_INTERNAL_FAILURE},
    {"RequestTimeout", FAULT_REQUEST_TIMEOUT},
    {"TimeoutError", FAULT_REQUEST_TIMEOUT},

    {"ExpiredToken", FAULT_EXPIRED_TOKEN},
    {"InvalidAccessKeyId", FAULT_UNRECOGNIZED_CLIENT},
    {"InvalidClientTokenId", FAULT_UNRECOGNIZED_CLIENT},
    {"AuthFailure", FAULT_INVALID_SIGNATURE},
    {"RequestExpired", FAULT_INVALID_SIGNATURE},
    {"RequestInTheFuture", FAULT_INVALID_SIGNATURE},
    {"RequestTimeTooSkewed", FAULT_INVALID_SIGNATURE},
    {"SignatureDoesNotMatch", FAULT_INVALID_SIGNATURE},
    {"MissingAuthenticationToken", FAULT_MISSING_AUTHENTICATION_TOKEN},
    {"IncompleteSignature", FAULT_INCOMPLETE_SIGNATURE},
};

const char *fault_name(enum fault fault)
{
    return rows[fault].name;
}

int fault_http_status(enum fault fault)
{
    return rows[fault].http_status;
}

enum fault_class fault_class_of(enum fault fault)
{
    return rows[fault].class;
}

const char *fault_class_name(enum fault_class class)
{
    static const char *const names[FAULT_CLASS_COUNT] = {
        [FAULT_NONE] = "none",
        [FAULT_PERMANENT] = "permanent",
        [FAULT_THROTTLED] = "throttled",
        [FAULT_TRANSIENT] = "transient",
        [FAULT_CREDENTIALS] = "credentials",
    };
    return names[class];
}

/* "com.amazon.coral.service#Type:http://..." is about Type. */
static struct str bare_type(struct str type)
{
    struct str rest = type;
    struct str name = str_cut(&rest, ':');
    while (str_has(name, '#'))
        str_cut(&name, '#');
    return str_trim(name);
}

enum fault fault_parse(struct str type)
{
    struct str name = bare_type(type);
    for (enum fault fault = FAULT_INVALID_REQUEST; fault < FAULT_TRANSPORT; fault++)
        if (str_eq_text(name, rows[fault].name))
            return fault;
    for (size_t i = 0; i < COUNT_OF(synonyms); i++)
        if (str_eq_text(name, synonyms[i].type))
            return synonyms[i].fault;
    return FAULT_UNKNOWN;
}

enum fault_class fault_class_of_status(int http_status)
{
    if (http_status >= 200 && http_status <= 299)
        return FAULT_NONE;
    if (http_status == 429)
        return FAULT_THROTTLED;
    if (http_status == 408 || http_status == 425 || (http_status >= 500 && http_status <= 599))
        return FAULT_TRANSIENT;
    return FAULT_PERMANENT;
}
