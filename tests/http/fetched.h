/* Credentials fetched from a scripted server, from the first request to the result. */
#ifndef TESTS_HTTP_FETCHED_H
#define TESTS_HTTP_FETCHED_H

#include "http/credentials_fetch.h"
#include "tests/http/rawhttp.h"

/* Takes every variable that a source looks at out of the environment. */
void fetched_clear_environment(void);

/* An answer of 200 with this body, in static memory that the next fifteen calls leave alone. */
const char *fetched_ok(const char *body);

/* {"AccessKeyId": "ASIA1", ...} as AWS's local services answer; expires so long from now. */
const char *fetched_keys(const char *access_key, int64_t lifetime_s);

/* The plan carried out; the result's keys are not wiped. */
struct credentials_result fetched_result(const struct credentials_options *options,
                                         const struct credentials_plan *plan);

/* What dialogue->ask writes: "METHOD URL\nHeader: value\n...\nbody", NUL terminated; "" and why
 * when it refuses. */
void fetched_asked(const struct credentials_dialogue *dialogue, const struct credentials_talk *talk,
                   char ret_text[RAWHTTP_BYTES], struct why *why);

#endif
