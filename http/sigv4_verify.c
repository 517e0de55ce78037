#include "http/sigv4_verify.h"

#include "http/http_date.h"

#include <openssl/crypto.h>
#include <strings.h>
#include <time.h>

#define UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/* The parts of "AWS4-HMAC-SHA256 Credential=.../day/region/service/aws4_request,
 * SignedHeaders=a;b, Signature=hex". */
struct claim {
    struct str access_key;
    struct str day;
    struct str region;
    struct str service;
    struct str terminator;
    struct str signed_headers;
    struct str signature;
};

struct collected {
    struct str signed_headers;
    struct canonical_header headers[CANONICAL_HEADERS_MAX];
    size_t count;
    bool is_full;
};

static enum fault refuse(enum fault fault, struct why *why, const char *text)
{
    (void)why_set(why, ERR_REFUSED, NULL, "%s", text);
    return fault;
}

static enum fault refuse_signature(struct why *why)
{
    return refuse(FAULT_INVALID_SIGNATURE, why,
                  "The request signature we calculated does not match the signature you provided. "
                  "Check your AWS Secret Access Key and signing method. Consult the service "
                  "documentation for details.");
}

/* Cuts the part behind the last '/' off *rest; all of it when there is none. */
static struct str cut_last(struct str *rest)
{
    size_t at = rest->n;
    while (at > 0 && rest->p[at - 1] != '/')
        at--;
    struct str part = {rest->p + at, rest->n - at};
    rest->n = at > 0 ? at - 1 : 0;
    return part;
}

static void read_credential(struct str value, struct claim *claim)
{
    claim->terminator = cut_last(&value);
    claim->service = cut_last(&value);
    claim->region = cut_last(&value);
    claim->day = cut_last(&value);
    claim->access_key = value;
}

static enum fault parse_claim(struct str authorization, struct claim *ret, struct why *why)
{
    struct str rest = authorization;
    if (!str_eq_text(str_cut(&rest, ' '), SIGV4_ALGORITHM))
        return refuse(FAULT_INCOMPLETE_SIGNATURE, why,
                      "Authorization header requires the algorithm '" SIGV4_ALGORITHM "'.");
    struct claim claim = {0};
    while (!str_is_absent(rest)) {
        struct str value = str_trim(str_cut(&rest, ','));
        struct str name = str_cut(&value, '=');
        if (str_is_absent(value))
            continue;
        if (str_eq_text(name, "Credential"))
            read_credential(value, &claim);
        else if (str_eq_text(name, "SignedHeaders"))
            claim.signed_headers = value;
        else if (str_eq_text(name, "Signature"))
            claim.signature = value;
    }
    if (claim.access_key.n == 0)
        return refuse(FAULT_INCOMPLETE_SIGNATURE, why,
                      "Authorization header requires 'Credential' parameter, as "
                      "keyid/date/region/service/term.");
    if (claim.signed_headers.n == 0)
        return refuse(FAULT_INCOMPLETE_SIGNATURE, why,
                      "Authorization header requires 'SignedHeaders' parameter.");
    if (claim.signature.n == 0)
        return refuse(FAULT_INCOMPLETE_SIGNATURE, why,
                      "Authorization header requires 'Signature' parameter.");
    *ret = claim;
    return FAULT_OK;
}

static enum fault check_keys(const struct server_request *request, const struct claim *claim,
                             const struct credential *known, struct why *why)
{
    struct str token = server_header(request, "X-Amz-Security-Token");
    if (str_eq_text(claim->access_key, known->access_key) && str_eq_text(token, known->token))
        return FAULT_OK;
    return refuse(FAULT_UNRECOGNIZED_CLIENT, why,
                  "The security token included in the request is invalid.");
}

static enum fault check_scope(const struct claim *claim, struct str region, struct why *why)
{
    if (!str_eq_text(claim->terminator, SIGV4_TERMINATOR))
        return refuse(FAULT_INVALID_SIGNATURE, why,
                      "Credential should be scoped with a valid terminator: 'aws4_request'.");
    if (!str_eq(claim->region, region))
        return refuse(FAULT_INVALID_SIGNATURE, why,
                      "Credential should be scoped to a valid region.");
    if (!str_eq_text(claim->service, "iot") && !str_eq_text(claim->service, "execute-api"))
        return refuse(FAULT_INVALID_SIGNATURE, why,
                      "Credential should be scoped to correct service: 'iot'.");
    return FAULT_OK;
}

static bool read_digits(const char *text, size_t n, int64_t *ret)
{
    return str_to_int((struct str){text, n}, 0, 9999, ret);
}

/* "20150830T123600Z" */
static bool parse_timestamp(struct str text, int64_t *ret_s)
{
    int64_t year;
    int64_t month;
    int64_t day;
    int64_t hour;
    int64_t minute;
    int64_t second;
    if (text.n != SIGV4_TIMESTAMP_SIZE - 1 || text.p[8] != 'T' || text.p[15] != 'Z' ||
        !read_digits(text.p, 4, &year) || !read_digits(text.p + 4, 2, &month) ||
        !read_digits(text.p + 6, 2, &day) || !read_digits(text.p + 9, 2, &hour) ||
        !read_digits(text.p + 11, 2, &minute) || !read_digits(text.p + 13, 2, &second))
        return false;
    struct tm utc = {.tm_year = (int)year - 1900,
                     .tm_mon = (int)month - 1,
                     .tm_mday = (int)day,
                     .tm_hour = (int)hour,
                     .tm_min = (int)minute,
                     .tm_sec = (int)second};
    *ret_s = timegm(&utc);
    return true;
}

/* x-amz-date goes before Date, which is turned into the same form. False: neither is a date, or a
 * year has not four digits. */
static bool read_date(const struct server_request *request, char ret_text[SIGV4_TIMESTAMP_SIZE],
                      int64_t *ret_s)
{
    struct str date = server_header(request, "X-Amz-Date");
    if (str_is_absent(date))
        date = server_header(request, "Date");
    if (!parse_timestamp(date, ret_s) && !http_date_parse(date, ret_s))
        return false;
    sigv4_timestamp(*ret_s, ret_text);
    return ret_text[0] != '\0';
}

static enum fault check_date(const char *timestamp, int64_t at_s, const struct claim *claim,
                             int64_t now_s, struct why *why)
{
    if (!str_eq(claim->day, (struct str){timestamp, 8})) {
        (void)why_set(why, ERR_REFUSED, NULL,
                      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                      "date from HTTP: '%.*s' != '%.8s', from '%s'.",
                      STR_ARG(claim->day), timestamp, timestamp);
        return FAULT_INVALID_SIGNATURE;
    }
    char now[SIGV4_TIMESTAMP_SIZE];
    char limit[SIGV4_TIMESTAMP_SIZE];
    sigv4_timestamp(now_s, now);
    if (at_s < now_s - SIGV4_VERIFY_SKEW_S) {
        sigv4_timestamp(now_s - SIGV4_VERIFY_SKEW_S, limit);
        (void)why_set(why, ERR_REFUSED, NULL,
                      "Signature expired: %s is now earlier than %s (%s - 5 min.)", timestamp,
                      limit, now);
        return FAULT_INVALID_SIGNATURE;
    }
    if (at_s > now_s + SIGV4_VERIFY_SKEW_S) {
        sigv4_timestamp(now_s + SIGV4_VERIFY_SKEW_S, limit);
        (void)why_set(why, ERR_REFUSED, NULL,
                      "Signature not yet current: %s is still later than %s (%s + 5 min.)",
                      timestamp, limit, now);
        return FAULT_INVALID_SIGNATURE;
    }
    return FAULT_OK;
}

static bool lists(struct str names, struct str name)
{
    while (!str_is_absent(names)) {
        struct str each = str_cut(&names, ';');
        if (each.n == name.n && strncasecmp(each.p, name.p, name.n) == 0)
            return true;
    }
    return false;
}

static void on_header(void *context, struct str name, struct str value)
{
    struct collected *collected = context;
    if (name.n == 0 || !lists(collected->signed_headers, name))
        return;
    if (collected->count == CANONICAL_HEADERS_MAX) {
        collected->is_full = true;
        return;
    }
    collected->headers[collected->count++] = (struct canonical_header){name, value};
}

static enum fault check_signed_headers(const struct server_request *request,
                                       const struct claim *claim, struct why *why)
{
    bool has_amz_date = !str_is_absent(server_header(request, "X-Amz-Date"));
    if (!lists(claim->signed_headers, STR("host")))
        return refuse(FAULT_INVALID_SIGNATURE, why,
                      "'Host' must be a 'SignedHeader' in the AWS "
                      "Authorization.");
    if (!lists(claim->signed_headers, has_amz_date ? STR("x-amz-date") : STR("date")))
        return refuse(FAULT_INVALID_SIGNATURE, why,
                      "'X-Amz-Date' or 'Date' must be a "
                      "'SignedHeader' in the AWS Authorization.");
    return FAULT_OK;
}

/* What the client says of its body has to be true, unless it says nothing of it. */
static bool find_payload_hash(struct sigv4 *sigv4, const struct server_request *request,
                              char ret_hex[SIGV4_HEX_SIZE], struct str *ret)
{
    struct str claimed = server_header(request, "X-Amz-Content-Sha256");
    if (str_eq_text(claimed, UNSIGNED_PAYLOAD)) {
        *ret = claimed;
        return true;
    }
    if (sigv4_hash(sigv4, request->body, ret_hex) != ERR_NONE)
        return false;
    *ret = str_of(ret_hex);
    return str_is_absent(claimed) || str_eq(claimed, *ret);
}

static enum fault check_signature(struct sigv4 *sigv4, const struct server_request *request,
                                  const struct claim *claim, const char *timestamp,
                                  const struct credential *known, struct why *why)
{
    char payload_hex[SIGV4_HEX_SIZE];
    struct str payload_hash;
    struct collected collected = {.signed_headers = claim->signed_headers};
    server_headers_each(request, on_header, &collected);
    if (collected.is_full || !find_payload_hash(sigv4, request, payload_hex, &payload_hash))
        return refuse_signature(why);
    const struct sigv4_request ours = {
        .method = str_of(request->method),
        .path = request->path,
        .query = request->query,
        .headers = collected.headers,
        .header_count = collected.count,
        .payload_hash = payload_hash,
        .timestamp = str_of(timestamp),
        .region = claim->region,
        .service = claim->service,
        .secret_key = str_of(known->secret_key),
    };
    char signature[SIGV4_HEX_SIZE];
    if (sigv4_signature(sigv4, &ours, signature) != ERR_NONE ||
        claim->signature.n != SIGV4_HEX_SIZE - 1 ||
        CRYPTO_memcmp(claim->signature.p, signature, SIGV4_HEX_SIZE - 1) != 0)
        return refuse_signature(why);
    return FAULT_OK;
}

static enum fault verify(struct sigv4 *sigv4, const struct server_request *request,
                         const struct claim *claim, const struct sigv4_verify_options *options,
                         struct why *why)
{
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    int64_t at_s = 0;
    enum fault fault = check_keys(request, claim, options->credential, why);
    if (fault == FAULT_OK)
        fault = check_scope(claim, options->region, why);
    if (fault != FAULT_OK)
        return fault;
    if (!read_date(request, timestamp, &at_s))
        return refuse(FAULT_INCOMPLETE_SIGNATURE, why,
                      "Authorization header requires existence of either a 'X-Amz-Date' or a "
                      "'Date' header.");
    fault = check_date(timestamp, at_s, claim, options->now_s, why);
    if (fault == FAULT_OK)
        fault = check_signed_headers(request, claim, why);
    if (fault == FAULT_OK)
        fault = check_signature(sigv4, request, claim, timestamp, options->credential, why);
    return fault;
}

enum fault sigv4_verify(const struct server_request *request,
                        const struct sigv4_verify_options *options, struct why *why)
{
    struct str authorization = server_header(request, "Authorization");
    if (str_is_absent(authorization))
        return refuse(FAULT_MISSING_AUTHENTICATION_TOKEN, why, "Missing Authentication Token");
    struct claim claim;
    enum fault fault = parse_claim(authorization, &claim, why);
    if (fault != FAULT_OK)
        return fault;
    struct sigv4 *own = NULL;
    if (options->sigv4 == NULL && sigv4_new(&own) != ERR_NONE)
        return refuse(FAULT_INTERNAL_FAILURE, why, "out of memory");
    fault = verify(own != NULL ? own : options->sigv4, request, &claim, options, why);
    sigv4_free(own);
    return fault;
}
