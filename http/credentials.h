/*
 * Where AWS credentials come from, behind one interface, on the loop thread; nothing here waits.
 *
 * Keys that a service or a program hands out are fetched over the shared HTTP client, again ahead
 * of their end, and the old ones stay in use while that fails and they are valid. Expiry is counted
 * on the monotonic clock from the moment of the answer (by the answer's own Date where it has one),
 * so that a clock that is wrong or steps ends no keys early. Secrets are wiped when they are
 * replaced or freed and never stand in an error or in news.
 */
#ifndef HTTP_CREDENTIALS_H
#define HTTP_CREDENTIALS_H

#include "base/str.h"
#include "base/why.h"

struct http;

enum credentials_source {
    CREDENTIALS_AUTO, /* environment, profile, container, imds: the first that has something */
    CREDENTIALS_ENVIRONMENT,
    CREDENTIALS_PROFILE,
    CREDENTIALS_EMBEDDED, /* the file that the embedded endpoint wrote */
    CREDENTIALS_CONTAINER,
    CREDENTIALS_IMDS,
    CREDENTIALS_IOT,
};

/* One set of keys. token is "" for long-lived keys. */
struct credential {
    char access_key[128];
    char secret_key[128];
    char token[4096];
    int64_t expires_at_s; /* epoch seconds, as the source says; -1: never */
};

/* The AWS IoT credentials provider. */
struct credentials_iot {
    const char *endpoint;   /* <prefix>.credentials.iot.<region>.amazonaws.com, or https://... */
    const char *role_alias; /* [A-Za-z0-9_=,@-]{1,128} */
    const char *thing_name;
    const char *cert_file; /* of the thing, PEM; read at each fetch */
    const char *key_file;
    const char *ca_file; /* NULL: the system's */
};

bool credentials_iot_is_role_alias(struct str text);

struct credentials_options {
    enum credentials_source source;
    const char *embedded_file;  /* of CREDENTIALS_EMBEDDED; copied */
    struct http *http;          /* NULL: only what needs no network; outlives the credentials */
    const char *region;         /* for assuming roles; outlives the credentials */
    struct credentials_iot iot; /* of CREDENTIALS_IOT; outlives the credentials */
};

struct credentials;

nodiscard enum err credentials_open(const struct credentials_options *options,
                                    struct credentials **ret, struct why *why);
/* The same without network. */
nodiscard enum err credentials_new(enum credentials_source source, const char *embedded_file,
                                   struct credentials **ret, struct why *why);
void credentials_free(struct credentials *credentials);

/* The keys to sign with now; NULL when there are none, with the reason in why. Starts a fetch where
 * one is due. Valid until the next call of any function here. */
const struct credential *credentials_current(struct credentials *credentials, struct why *why);

/* Whether there are no keys to use now, but a fetch is under way: what waits for it need not be
 * refused. */
bool credentials_are_coming(const struct credentials *credentials);

/* Names the keys that credentials_current gave last. */
uint64_t credentials_generation(const struct credentials *credentials);

/* AWS said the keys of that generation are no good: fetches once, and holds them back meanwhile.
 * Does nothing where they have been replaced already, and at most once in some seconds. */
void credentials_refused(struct credentials *credentials, uint64_t generation);

/* Forgets the keys and reads the source again before the next use. */
void credentials_reload(struct credentials *credentials);

/* Moves fetches on. Once a turn of the loop, behind http_turn. */
void credentials_turn(struct credentials *credentials);
int64_t credentials_due_ms(const struct credentials *credentials); /* the next turn; DUE_NEVER */

/* How they are, for people who watch. */
struct credentials_state {
    bool has_keys;        /* to sign with now */
    int64_t expires_at_s; /* of these, as in struct credential */
    bool has_failed;      /* the last fetch brought none */
    const char *problem;  /* why; valid until the next call of any function here */
};

struct credentials_state credentials_state(const struct credentials *credentials);

/* What there is to tell people since the last call, NULL for nothing: keys obtained, or why not. */
const char *credentials_news(struct credentials *credentials, bool *ret_is_bad);

const char *credentials_source_name(const struct credentials *credentials);

#endif
