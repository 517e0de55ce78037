/*
 * AWS Signature Version 4 over OpenSSL.
 *
 * A struct sigv4 keeps what repeats from request to request: the digest contexts, the buffers, and
 * the signing key, which depends only on the secret, the day, the region and the service. One
 * thread at a time. Keys are wiped when they are replaced or freed.
 */
#ifndef HTTP_SIGV4_H
#define HTTP_SIGV4_H

#include "base/buf.h"
#include "base/str.h"
#include "http/canonical.h"

#define SIGV4_ALGORITHM      "AWS4-HMAC-SHA256"
#define SIGV4_TERMINATOR     "aws4_request"
#define SIGV4_HEX_SIZE       65 /* a SHA-256 in hexadecimal and a NUL */
#define SIGV4_TIMESTAMP_SIZE 17 /* "20150830T123600Z" and a NUL */
#define SIGV4_SECRET_MAX     128
#define SIGV4_SCOPE_MAX      128
#define SIGV4_REQUEST_BYTES                                                                        \
    ((size_t)256 * 1024) /* of a canonical request, whose body is only a hash */

struct sigv4;

struct sigv4_request {
    struct str method;
    struct str path;                  /* as on the wire */
    struct str query;                 /* as on the wire, without '?'; may be absent */
    struct canonical_header *headers; /* those to sign; they are put in order */
    size_t header_count;
    struct str payload_hash; /* sigv4_hash of the body, or UNSIGNED-PAYLOAD */
    struct str timestamp;    /* as in x-amz-date */
    struct str region;
    struct str service;
    struct str access_key;
    struct str secret_key;
};

nodiscard enum err sigv4_new(struct sigv4 **ret);
void sigv4_free(struct sigv4 *sigv4);

/* Wipes the key and the last request, where no next one is near; fine for NULL. */
void sigv4_forget(struct sigv4 *sigv4);

/* SHA-256 in lower-case hexadecimal. */
nodiscard enum err sigv4_hash(struct sigv4 *sigv4, struct str bytes, char ret_hex[SIGV4_HEX_SIZE]);

/* "" where the year has not four digits. */
void sigv4_timestamp(int64_t epoch_s, char ret_text[SIGV4_TIMESTAMP_SIZE]);

/* ERR_INVALID: the timestamp, the scope or the secret is out of shape; ERR_FULL: more headers or
 * pairs than http/canonical.h allows. */
nodiscard enum err sigv4_signature(struct sigv4 *sigv4, const struct sigv4_request *request,
                                   char ret_hex[SIGV4_HEX_SIZE]);

/* Appends the value of the Authorization header. */
nodiscard enum err sigv4_authorization(struct sigv4 *sigv4, const struct sigv4_request *request,
                                       struct buf *out);

/* Of the last signature; valid until the next. */
struct str sigv4_canonical_request(const struct sigv4 *sigv4);
struct str sigv4_string_to_sign(const struct sigv4 *sigv4);

#endif
