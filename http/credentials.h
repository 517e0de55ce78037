/*
 * Where AWS credentials come from, behind one interface. Sources: environment, profile files, the
 * embedded endpoint's own file. Secrets are wiped when they are replaced or freed and never logged.
 */
#ifndef HTTP_CREDENTIALS_H
#define HTTP_CREDENTIALS_H

#include "base/str.h"
#include "base/why.h"

enum credentials_source {
    CREDENTIALS_AUTO, /* environment, then profile */
    CREDENTIALS_ENVIRONMENT,
    CREDENTIALS_PROFILE,
    CREDENTIALS_EMBEDDED, /* the file that the embedded endpoint wrote */
};

/* One set of keys. token is "" for long-lived keys. */
struct credential {
    char access_key[128];
    char secret_key[128];
    char token[4096];
    int64_t expires_at_s; /* epoch seconds; -1: never */
};

struct credentials;

nodiscard enum err credentials_new(enum credentials_source source, const char *embedded_file,
                                   struct credentials **ret, struct why *why);
void credentials_free(struct credentials *credentials);

/* The keys to sign with now; NULL when there are none, with the reason in why. Valid until the next
 * call of either function. */
const struct credential *credentials_current(struct credentials *credentials, struct why *why);

/* AWS said the present keys are no good: read the source again before the next use. */
void credentials_reload(struct credentials *credentials);

const char *credentials_source_name(const struct credentials *credentials);

#endif
