/*
 * One place where credentials can come from. A new source is a file with a read function and a row
 * in credentials.c.
 */
#ifndef HTTP_CREDENTIALS_SOURCE_H
#define HTTP_CREDENTIALS_SOURCE_H

#include "http/credentials.h"

struct credentials_provider {
    const char *name;
    /* ERR_NOT_FOUND: nothing there, perhaps elsewhere or later; another error: something is there,
     * but of no use. file is credentials_new's embedded_file. */
    enum err (*read)(const char *file, struct credential *ret, struct why *why);
};

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (or AWS_SECURITY_TOKEN). */
nodiscard enum err credentials_environment_read(const char *file, struct credential *ret,
                                                struct why *why);

/* The profile of AWS_PROFILE, "default" without, from AWS_SHARED_CREDENTIALS_FILE or
 * ~/.aws/credentials, then AWS_CONFIG_FILE or ~/.aws/config. */
nodiscard enum err credentials_profile_read(const char *file, struct credential *ret,
                                            struct why *why);

/* The profile "default" of the given file. */
nodiscard enum err credentials_profile_read_embedded(const char *file, struct credential *ret,
                                                     struct why *why);

/* Copies the three values after checking that they can stand in a header: ERR_INVALID otherwise.
 * An absent token is an empty one. No value is ever repeated in why. */
nodiscard enum err credentials_fill(struct str access_key, struct str secret_key, struct str token,
                                    struct credential *ret, struct why *why);

void credentials_wipe(struct credential *credential);

#endif
