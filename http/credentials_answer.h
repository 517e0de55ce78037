/* What the answers of the different sources have in common. Pure. */
#ifndef HTTP_CREDENTIALS_ANSWER_H
#define HTTP_CREDENTIALS_ANSWER_H

#include "http/credentials_source.h"

/* Where the keys stand in a JSON object. */
struct credentials_names {
    int64_t version;    /* that "Version" has to be; 0: any or none */
    const char *inside; /* the member that holds the rest; NULL: the object itself */
    const char *access_key;
    const char *secret_key;
    const char *token;
    const char *expiration;
};

/* {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} */
extern const struct credentials_names credentials_answer_names;

/* HEARD_KEYS for a whole answer of 200, otherwise what it means, with the service's own words. */
enum credentials_heard credentials_answer_judge(const struct http_answer *answer, struct why *why);

/* A token is optional, and so is the expiration: without one the keys never expire. ERR_INVALID
 * for anything else; no value is repeated in why. */
nodiscard enum err credentials_answer_keys(struct str json, const struct credentials_names *names,
                                           struct credential *ret, struct why *why);

#endif
