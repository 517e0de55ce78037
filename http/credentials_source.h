/*
 * What a source of credentials is made of. For http/credentials*.c alone.
 *
 * A provider makes a plan, at once: keys that are at hand, or a program or a service to get them
 * from, and the roles to assume with them. credentials_fetch.h carries plans out. A service is a
 * dialogue: what to ask and how to understand the answer, without waiting and without sockets, so a
 * new service is a file with two functions, and a test needs no server.
 */
#ifndef HTTP_CREDENTIALS_SOURCE_H
#define HTTP_CREDENTIALS_SOURCE_H

#include "base/buf.h"
#include "http/credentials.h"
#include "http/http.h"

#define CREDENTIALS_ROLES_MAX    5
#define CREDENTIALS_COMMAND_MAX  4096
#define CREDENTIALS_TOKEN_MAX    8192 /* bytes of an authorization or session token that is sent */
#define CREDENTIALS_ANSWER_BYTES 16384
#define CREDENTIALS_HEADERS_MAX  6

enum credentials_base {
    CREDENTIALS_BASE_KEYS,
    CREDENTIALS_BASE_PROCESS,
    CREDENTIALS_BASE_CONTAINER,
    CREDENTIALS_BASE_IMDS,
    CREDENTIALS_BASE_IOT,
};

/* Lengths: the service model of AWS STS, 2011-06-15. */
struct credentials_role {
    char arn[2049];
    char session[65];
    char external_id[1225]; /* "": none */
    int64_t duration_s;     /* 0: as AWS likes */
};

struct credentials_plan {
    const char *from; /* the provider's name */
    enum credentials_base base;
    struct credential keys;                               /* of CREDENTIALS_BASE_KEYS */
    char command[CREDENTIALS_COMMAND_MAX];                /* of CREDENTIALS_BASE_PROCESS */
    struct credentials_role roles[CREDENTIALS_ROLES_MAX]; /* the last is assumed first */
    size_t role_count;
};

struct credentials_provider {
    const char *name;
    /* ERR_NOT_FOUND: nothing there, perhaps elsewhere or later; another error: something is there,
     * but of no use. The plan is empty before. */
    enum err (*plan)(const struct credentials_options *options, struct credentials_plan *ret,
                     struct why *why);
};

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (or AWS_SECURITY_TOKEN),
 * AWS_CREDENTIAL_EXPIRATION. */
nodiscard enum err credentials_environment_plan(const struct credentials_options *options,
                                                struct credentials_plan *ret, struct why *why);

/* The profile of AWS_PROFILE, "default" without, from AWS_SHARED_CREDENTIALS_FILE or
 * ~/.aws/credentials laid upon AWS_CONFIG_FILE or ~/.aws/config: role_arn with source_profile or
 * credential_source, keys, credential_process. */
nodiscard enum err credentials_profile_plan(const struct credentials_options *options,
                                            struct credentials_plan *ret, struct why *why);

/* The keys of the profile "default" of the embedded file. */
nodiscard enum err credentials_profile_plan_embedded(const struct credentials_options *options,
                                                     struct credentials_plan *ret, struct why *why);

/* Where AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI is set. */
nodiscard enum err credentials_container_plan(const struct credentials_options *options,
                                              struct credentials_plan *ret, struct why *why);

/* Unless AWS_EC2_METADATA_DISABLED is true. */
nodiscard enum err credentials_imds_plan(const struct credentials_options *options,
                                         struct credentials_plan *ret, struct why *why);

nodiscard enum err credentials_iot_plan(const struct credentials_options *options,
                                        struct credentials_plan *ret, struct why *why);
/* ERR_INVALID with the member at fault as field. */
nodiscard enum err credentials_iot_check(const struct credentials_iot *iot, struct why *why);

struct sigv4;

/* What a dialogue knows and remembers from one request to the next. */
struct credentials_talk {
    const struct credentials_options *options;
    const struct credentials_role *role; /* to assume */
    const struct credential *signer;     /* with these keys */
    struct sigv4 *sigv4;
    int64_t now_s;                     /* by the service's clock, as far as it is known */
    unsigned step;                     /* of the dialogue's requests, from 0 */
    char token[CREDENTIALS_TOKEN_MAX]; /* IMDS: of the session; "": version 1 */
    char name[128];                    /* IMDS: of the role */
    int64_t pause_ms;                  /* how long asking again would be useless; -1: not known */
};

struct credentials_request {
    const char *method;
    struct buf url;
    struct buf headers; /* "Name: value" and a NUL, each */
    struct buf body;    /* empty: none */
    struct http_identity identity;
    bool has_identity;
};

enum credentials_heard {
    CREDENTIALS_HEARD_KEYS,
    CREDENTIALS_HEARD_MORE,    /* ask for the next step, which is set */
    CREDENTIALS_HEARD_NOTHING, /* it may be different in a second */
    CREDENTIALS_HEARD_NO,      /* it may not */
};

struct credentials_dialogue {
    const char *name; /* for people */
    int64_t timeout_ms;
    unsigned attempts; /* for each step */
    /* Writes the request of talk->step, which is empty before. */
    enum err (*ask)(const struct credentials_talk *talk, struct credentials_request *ret,
                    struct why *why);
    /* why is set unless it heard keys or more. */
    enum credentials_heard (*hear)(struct credentials_talk *talk, const struct http_answer *answer,
                                   struct credential *ret, struct why *why);
};

extern const struct credentials_dialogue credentials_container_dialogue;
extern const struct credentials_dialogue credentials_imds_dialogue;
extern const struct credentials_dialogue credentials_iot_dialogue;
extern const struct credentials_dialogue credentials_sts_dialogue;

/* Copies the three values after checking that they can stand in a header: ERR_INVALID otherwise.
 * An absent token is an empty one. No value is ever repeated in why. */
nodiscard enum err credentials_fill(struct str access_key, struct str secret_key, struct str token,
                                    struct credential *ret, struct why *why);

void credentials_wipe(struct credential *credential);

#endif
