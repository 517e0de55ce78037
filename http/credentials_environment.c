#include "http/credentials_source.h"

#include <stdlib.h>

static struct str variable(const char *name)
{
    return str_of(getenv(name));
}

enum err credentials_environment_read(const char *file, struct credential *ret, struct why *why)
{
    (void)file;
    struct str access_key = variable("AWS_ACCESS_KEY_ID");
    struct str secret_key = variable("AWS_SECRET_ACCESS_KEY");
    struct str token = variable("AWS_SESSION_TOKEN");
    if (token.n == 0)
        token = variable("AWS_SECURITY_TOKEN");
    if (access_key.n == 0 && secret_key.n == 0)
        return why_set(why, ERR_NOT_FOUND, NULL,
                       "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    if (access_key.n == 0 || secret_key.n == 0)
        return why_set(why, ERR_INVALID, NULL, "%s is set, but %s is not",
                       access_key.n > 0 ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                       access_key.n > 0 ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    struct why reason;
    enum err err = credentials_fill(access_key, secret_key, token, ret, &reason);
    if (err != ERR_NONE)
        return why_set(why, err, NULL, "environment: %s", reason.text);
    return ERR_NONE;
}
