/*
 * The address of an AWS IoT control plane, real or embedded. Pure.
 *
 * https anywhere, http only on this machine, nothing behind the port. The account's own data
 * endpoint (<prefix>-ats.iot.<region>.amazonaws.com) is refused: it knows no UpdateJob.
 */
#ifndef HTTP_ENDPOINT_H
#define HTTP_ENDPOINT_H

#include "base/str.h"
#include "base/why.h"

#define ENDPOINT_HOST_MAX   272 /* a name of 253 characters, a port */
#define ENDPOINT_URL_MAX    288
#define ENDPOINT_REGION_MAX 32

struct endpoint {
    char url[ENDPOINT_URL_MAX];   /* scheme://host[:port], lower case, without a default port */
    char host[ENDPOINT_HOST_MAX]; /* as in the Host header */
};

nodiscard enum err endpoint_parse(struct str text, struct endpoint *ret, struct why *why);

/* Where AWS IoT is in a region of any partition. ERR_INVALID for what cannot be a region. */
nodiscard enum err endpoint_of_region(struct str region, struct endpoint *ret, struct why *why);
/* Likewise another service, such as "sts". */
nodiscard enum err endpoint_of_service(const char *service, struct str region, struct endpoint *ret,
                                       struct why *why);

/* The AWS IoT credentials provider: https only; the scheme may be left out, as describe-endpoint
 * does. */
nodiscard enum err endpoint_parse_provider(struct str text, struct endpoint *ret, struct why *why);

bool endpoint_region_is_valid(struct str region);

#endif
