#include "http/credentials_expiry.h"
#include "http/credentials_source.h"

#include <stdlib.h>

static struct str variable(const char *name)
{
    return str_of(getenv(name));
}

static enum err read_keys(struct str access_key, struct str secret_key, struct credential *ret,
                          struct why *why)
{
    struct str token = variable("AWS_SESSION_TOKEN");
    struct str expiration = variable("AWS_CREDENTIAL_EXPIRATION");
    if (token.n == 0)
        token = variable("AWS_SECURITY_TOKEN");
    struct why reason;
    enum err err = credentials_fill(access_key, secret_key, token, ret, &reason);
    if (err != ERR_NONE)
        return why_set(why, err, NULL, "environment: %s", reason.text);
    if (expiration.n > 0 && !credentials_expiry_parse(expiration, &ret->expires_at_s))
        return why_set(why, ERR_INVALID, NULL, "AWS_CREDENTIAL_EXPIRATION is no date and time");
    return ERR_NONE;
}

enum err credentials_environment_plan(const struct credentials_options *options,
                                      struct credentials_plan *ret, struct why *why)
{
    (void)options;
    struct str access_key = variable("AWS_ACCESS_KEY_ID");
    struct str secret_key = variable("AWS_SECRET_ACCESS_KEY");
    if (access_key.n == 0 && secret_key.n == 0)
        return why_set(why, ERR_NOT_FOUND, NULL,
                       "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    if (access_key.n == 0 || secret_key.n == 0)
        return why_set(why, ERR_INVALID, NULL, "%s is set, but %s is not",
                       access_key.n > 0 ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                       access_key.n > 0 ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    ret->base = CREDENTIALS_BASE_KEYS;
    return read_keys(access_key, secret_key, &ret->keys, why);
}
