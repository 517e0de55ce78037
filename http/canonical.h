/*
 * The canonical request of AWS Signature Version 4: one spelling for every way to write the same
 * request. Pure.
 *
 *   path     dot segments and double slashes resolved, then percent-encoded once more as it stands
 *   query    every name and value percent-encoded the one strict way, sorted by name, then value
 *   headers  lower-case names in order, values trimmed, runs of blanks made one, repeats joined
 */
#ifndef HTTP_CANONICAL_H
#define HTTP_CANONICAL_H

#include "base/buf.h"
#include "base/str.h"

#define CANONICAL_HEADERS_MAX 64 /* signed headers of one request */
#define CANONICAL_PAIRS_MAX   64 /* name=value pairs of one query */

struct canonical_header {
    struct str name; /* in any case */
    struct str value;
};

struct canonical_input {
    struct str method;
    struct str path;                        /* as on the wire */
    struct str query;                       /* as on the wire, without '?'; may be absent */
    const struct canonical_header *headers; /* those to sign, in the order of canonical_sort */
    size_t header_count;
    struct str payload_hash; /* hexadecimal SHA-256 of the body, or UNSIGNED-PAYLOAD */
};

/* By lower-case name; headers of one name stay in their order. */
void canonical_sort(struct canonical_header *headers, size_t count);

/* Appends the request. ERR_FULL beyond the maxima or when out is full, ERR_NO_MEMORY. */
nodiscard enum err canonical_request(const struct canonical_input *input, struct buf *out);

/* Appends "host;x-amz-date". The headers are in the order of canonical_sort. */
void canonical_names(const struct canonical_header *headers, size_t count, struct buf *out);

/* Appends s percent-encoded: all but A-Z a-z 0-9 - _ . ~ */
void canonical_encode(struct str s, struct buf *out);

#endif
