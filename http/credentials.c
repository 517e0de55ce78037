#include "http/credentials.h"

#include "http/credentials_source.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define PROVIDERS_MAX 2

static const struct credentials_provider environment = {"environment",
                                                        credentials_environment_read};
static const struct credentials_provider profile = {"profile", credentials_profile_read};
static const struct credentials_provider embedded = {"embedded", credentials_profile_read_embedded};

struct credentials {
    const struct credentials_provider *providers[PROVIDERS_MAX]; /* asked in this order */
    const char *name;
    char *embedded_file;
    bool is_loaded;
    struct credential current;
};

static void choose_providers(struct credentials *credentials, enum credentials_source source)
{
    switch (source) {
    case CREDENTIALS_AUTO:
        credentials->name = "auto";
        credentials->providers[0] = &environment;
        credentials->providers[1] = &profile;
        return;
    case CREDENTIALS_ENVIRONMENT:
        credentials->providers[0] = &environment;
        break;
    case CREDENTIALS_PROFILE:
        credentials->providers[0] = &profile;
        break;
    case CREDENTIALS_EMBEDDED:
        credentials->providers[0] = &embedded;
        break;
    }
    credentials->name = credentials->providers[0]->name;
}

enum err credentials_new(enum credentials_source source, const char *embedded_file,
                         struct credentials **ret, struct why *why)
{
    if (source == CREDENTIALS_EMBEDDED && embedded_file == NULL)
        return why_set(why, ERR_INVALID, NULL, "the embedded source needs a file");
    struct credentials *credentials = calloc(1, sizeof *credentials);
    if (credentials == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    choose_providers(credentials, source);
    credentials->embedded_file = str_dup(str_of(embedded_file));
    if (embedded_file != NULL && credentials->embedded_file == NULL)
        goto fail;
    *ret = credentials;
    return ERR_NONE;

fail:
    credentials_free(credentials);
    return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
}

void credentials_free(struct credentials *credentials)
{
    if (credentials == NULL)
        return;
    credentials_wipe(&credentials->current);
    free(credentials->embedded_file);
    free(credentials);
}

/* A source that is broken ends the search: using another one would hide the mistake. */
static enum err load(struct credentials *credentials, struct why *why)
{
    char nothing[PROVIDERS_MAX * (WHY_TEXT_MAX + 2)] = "";
    for (size_t i = 0; i < PROVIDERS_MAX && credentials->providers[i] != NULL; i++) {
        struct why reason = {0};
        enum err err = credentials->providers[i]->read(credentials->embedded_file,
                                                       &credentials->current, &reason);
        if (err != ERR_NOT_FOUND)
            return err == ERR_NONE ? err : why_set(why, err, NULL, "%s", reason.text);
        size_t n = strlen(nothing);
        snprintf(nothing + n, sizeof nothing - n, "%s%s", n > 0 ? "; " : "", reason.text);
    }
    return why_set(why, ERR_NOT_FOUND, NULL, "no AWS credentials: %s", nothing);
}

const struct credential *credentials_current(struct credentials *credentials, struct why *why)
{
    if (!credentials->is_loaded)
        credentials->is_loaded = load(credentials, why) == ERR_NONE;
    return credentials->is_loaded ? &credentials->current : NULL;
}

void credentials_reload(struct credentials *credentials)
{
    credentials_wipe(&credentials->current);
    credentials->is_loaded = false;
}

const char *credentials_source_name(const struct credentials *credentials)
{
    return credentials->name;
}

static bool is_alnum(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Letters, digits and the extra characters. */
static bool consists_of(struct str value, const char *extra)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] == '\0' || (!is_alnum(value.p[i]) && strchr(extra, value.p[i]) == NULL))
            return false;
    return true;
}

static void copy(char *ret, struct str value)
{
    if (value.n > 0)
        memcpy(ret, value.p, value.n);
    ret[value.n] = '\0';
}

static enum err refuse(struct why *why, const char *what)
{
    return why_set(why, ERR_INVALID, NULL, "the %s is empty, too long or has odd characters", what);
}

enum err credentials_fill(struct str access_key, struct str secret_key, struct str token,
                          struct credential *ret, struct why *why)
{
    if (access_key.n == 0 || access_key.n >= sizeof ret->access_key ||
        !consists_of(access_key, "_"))
        return refuse(why, "access key id");
    if (secret_key.n == 0 || secret_key.n >= sizeof ret->secret_key ||
        !consists_of(secret_key, "/+=_-."))
        return refuse(why, "secret access key");
    if (token.n >= sizeof ret->token || !consists_of(token, "/+=_-."))
        return refuse(why, "session token");
    copy(ret->access_key, access_key);
    copy(ret->secret_key, secret_key);
    copy(ret->token, token);
    ret->expires_at_s = -1;
    return ERR_NONE;
}

void credentials_wipe(struct credential *credential)
{
    OPENSSL_cleanse(credential, sizeof *credential);
}
