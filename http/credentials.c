#include "http/credentials.h"

#include "base/chance.h"
#include "base/due.h"
#include "base/now.h"
#include "http/credentials_expiry.h"
#include "http/credentials_fetch.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PROVIDERS_MAX   4
#define FORCED_EVERY_MS 5000 /* keys that AWS refuses are not fetched again more often */
/* EC2 that has no new keys honours the old ones: AWS's SDKs ask again after 12 to 20 minutes. */
#define LATE_MIN_MS INT64_C(720000)
#define LATE_MAX_MS INT64_C(1200000)

static const struct credentials_provider environment = {"environment",
                                                        credentials_environment_plan};
static const struct credentials_provider profile = {"profile", credentials_profile_plan};
static const struct credentials_provider container = {"container", credentials_container_plan};
static const struct credentials_provider imds = {"imds", credentials_imds_plan};
static const struct credentials_provider iot = {"iot", credentials_iot_plan};
static const struct credentials_provider embedded = {"embedded", credentials_profile_plan_embedded};

/* Which providers are asked, in this order. */
static const struct {
    const char *name;
    const struct credentials_provider *providers[PROVIDERS_MAX];
} sources[] = {
    [CREDENTIALS_AUTO] = {"auto", {&environment, &profile, &container, &imds}},
    [CREDENTIALS_ENVIRONMENT] = {"environment", {&environment}},
    [CREDENTIALS_PROFILE] = {"profile", {&profile}},
    [CREDENTIALS_EMBEDDED] = {"embedded", {&embedded}},
    [CREDENTIALS_CONTAINER] = {"container", {&container}},
    [CREDENTIALS_IMDS] = {"imds", {&imds}},
    [CREDENTIALS_IOT] = {"iot", {&iot}},
};

struct credentials {
    struct credentials_options options;
    char *embedded_file;
    struct credentials_plan plan;
    struct credentials_fetch *fetch;
    char missing[PROVIDERS_MAX * (WHY_TEXT_MAX + 2)]; /* what providers without a plan said */

    bool has_current;
    struct credential current;
    uint64_t generation;
    int64_t ends_ms;   /* of current */
    int64_t fetch_ms;  /* when it is fetched (again) */
    bool is_held_back; /* AWS refused current: not used while its replacement is fetched */
    int64_t forced_ms; /* no refusal counts before */

    unsigned failures;    /* in a row */
    bool has_failed_here; /* the last one cost nobody anything: try again whenever asked */
    struct why problem;   /* the last one */

    bool has_news;
    bool is_bad_news;
    char news[WHY_TEXT_MAX];
};

static enum err check(const struct credentials_options *options, struct why *why)
{
    if (options->source == CREDENTIALS_EMBEDDED && options->embedded_file == NULL)
        return why_set(why, ERR_INVALID, NULL, "the embedded source needs a file");
    if (options->source == CREDENTIALS_IOT)
        return credentials_iot_check(&options->iot, why);
    return ERR_NONE;
}

enum err credentials_open(const struct credentials_options *options, struct credentials **ret,
                          struct why *why)
{
    enum err err = check(options, why);
    if (err != ERR_NONE)
        return err;
    struct credentials *credentials = calloc(1, sizeof *credentials);
    if (credentials == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    credentials->options = *options;
    credentials->embedded_file = str_dup(str_of(options->embedded_file));
    credentials->options.embedded_file = credentials->embedded_file;
    if (options->embedded_file != NULL && credentials->embedded_file == NULL)
        goto fail;
    if (credentials_fetch_new(&credentials->options, &credentials->fetch) != ERR_NONE)
        goto fail;
    *ret = credentials;
    return ERR_NONE;

fail:
    credentials_free(credentials);
    return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
}

enum err credentials_new(enum credentials_source source, const char *embedded_file,
                         struct credentials **ret, struct why *why)
{
    const struct credentials_options options = {.source = source, .embedded_file = embedded_file};
    return credentials_open(&options, ret, why);
}

void credentials_free(struct credentials *credentials)
{
    if (credentials == NULL)
        return;
    credentials_fetch_free(credentials->fetch);
    credentials_wipe(&credentials->current);
    credentials_wipe(&credentials->plan.keys);
    free(credentials->embedded_file);
    free(credentials);
}

static void tell(struct credentials *credentials, bool is_bad, const char *text)
{
    if (is_bad && credentials->is_bad_news && strcmp(text, credentials->news) == 0)
        return; /* said already */
    snprintf(credentials->news, sizeof credentials->news, "%s", text);
    credentials->is_bad_news = is_bad;
    credentials->has_news = true;
}

/* What is there stays in use until its end. */
static void fail(struct credentials *credentials, enum err err, const char *text, int64_t pause_ms)
{
    const char *missing = credentials->missing;
    credentials->failures++;
    credentials->is_held_back = false;
    if (pause_ms < 0)
        pause_ms = credentials_expiry_pause_ms(credentials->failures);
    credentials->fetch_ms = now_mono_ms() + pause_ms;
    (void)why_set(&credentials->problem, err, NULL, "%s%s%s%s",
                  missing[0] != '\0' ? "no AWS credentials: " : "", missing,
                  missing[0] != '\0' && text[0] != '\0' ? "; " : "", text);
    tell(credentials, true, credentials->problem.text);
}

static void tell_of_keys(struct credentials *credentials, const char *from)
{
    char until[32] = "for ever";
    char text[WHY_TEXT_MAX];
    time_t expires_at_s = (time_t)credentials->current.expires_at_s;
    struct tm utc;
    if (expires_at_s >= 0 && gmtime_r(&expires_at_s, &utc) != NULL)
        (void)strftime(until, sizeof until, "until %Y-%m-%dT%H:%M:%SZ", &utc);
    snprintf(text, sizeof text, "keys from %s, good %s", from, until);
    tell(credentials, false, text);
}

static void use(struct credentials *credentials, const struct credentials_result *result)
{
    int64_t now_ms = now_mono_ms();
    int64_t lifetime_ms = result->lifetime_ms;
    credentials->current = result->credential;
    credentials->has_current = true;
    credentials->generation++;
    credentials->failures = 0;
    credentials->is_held_back = false;
    credentials->ends_ms = lifetime_ms > 0 ? now_ms + lifetime_ms : DUE_NEVER;
    if (lifetime_ms < 0)
        credentials->fetch_ms = DUE_NEVER;
    else if (lifetime_ms > 0)
        credentials->fetch_ms = now_ms + credentials_expiry_refresh_ms(lifetime_ms);
    else
        credentials->fetch_ms =
            now_ms + LATE_MIN_MS + (int64_t)chance_below((uint64_t)(LATE_MAX_MS - LATE_MIN_MS) + 1);
    tell_of_keys(credentials, result->from);
}

/* Takes the result of a fetch that is over. */
static void settle(struct credentials *credentials)
{
    const struct credentials_result *result = credentials_fetch_result(credentials->fetch);
    if (result == NULL)
        return;
    if (result->err == ERR_NONE)
        use(credentials, result);
    else
        fail(credentials, result->err, result->why.text, result->pause_ms);
    credentials_fetch_stop(credentials->fetch);
}

/* A source that is broken ends the search: using another one would hide the mistake. */
static enum err make_plan(struct credentials *credentials, struct why *why)
{
    const struct credentials_provider *const *providers =
        sources[credentials->options.source].providers;
    char *missing = credentials->missing;
    missing[0] = '\0';
    for (size_t i = 0; i < PROVIDERS_MAX && providers[i] != NULL; i++) {
        struct why reason = {0};
        credentials_wipe(&credentials->plan.keys);
        credentials->plan.role_count = 0;
        credentials->plan.from = providers[i]->name;
        enum err err = providers[i]->plan(&credentials->options, &credentials->plan, &reason);
        if (err != ERR_NOT_FOUND) {
            (void)why_set(why, err, NULL, "%s", reason.text);
            return err;
        }
        size_t n = strlen(missing);
        snprintf(missing + n, sizeof credentials->missing - n, "%s%s", n > 0 ? "; " : "",
                 reason.text);
    }
    return ERR_NOT_FOUND;
}

static void begin(struct credentials *credentials)
{
    struct why why = {0};
    enum err err = make_plan(credentials, &why);
    credentials->has_failed_here = err != ERR_NONE;
    if (err != ERR_NONE) {
        if (err != ERR_NOT_FOUND)
            credentials->missing[0] = '\0';
        fail(credentials, err, why.text, -1);
        return;
    }
    credentials_fetch_start(credentials->fetch, &credentials->plan);
    settle(credentials);
}

static void end_old_keys(struct credentials *credentials)
{
    if (!credentials->has_current || now_mono_ms() < credentials->ends_ms)
        return;
    credentials_wipe(&credentials->current);
    credentials->has_current = false;
}

static bool is_due(const struct credentials *credentials)
{
    if (credentials_fetch_is_running(credentials->fetch))
        return false;
    return now_mono_ms() >= credentials->fetch_ms ||
           (!credentials->has_current && credentials->has_failed_here);
}

const struct credential *credentials_current(struct credentials *credentials, struct why *why)
{
    settle(credentials);
    end_old_keys(credentials);
    if (is_due(credentials))
        begin(credentials);
    if (credentials->has_current && !credentials->is_held_back)
        return &credentials->current;
    if (credentials_fetch_is_running(credentials->fetch))
        (void)why_set(why, ERR_DOWN, NULL, "AWS credentials are on their way");
    else
        (void)why_set(why, ERR_NOT_FOUND, NULL, "%s", credentials->problem.text);
    return NULL;
}

bool credentials_are_coming(const struct credentials *credentials)
{
    bool is_usable = credentials->has_current && !credentials->is_held_back &&
                     now_mono_ms() < credentials->ends_ms;
    return !is_usable && credentials_fetch_is_running(credentials->fetch);
}

uint64_t credentials_generation(const struct credentials *credentials)
{
    return credentials->generation;
}

void credentials_refused(struct credentials *credentials, uint64_t generation)
{
    int64_t now_ms = now_mono_ms();
    bool is_of_these = credentials->has_current && generation == credentials->generation;
    bool has_just_failed = credentials->failures > 0 && now_ms < credentials->fetch_ms;
    if (!is_of_these || has_just_failed || now_ms < credentials->forced_ms ||
        credentials_fetch_is_running(credentials->fetch))
        return;
    credentials->forced_ms = now_ms + FORCED_EVERY_MS;
    credentials->fetch_ms = now_ms;
    credentials->is_held_back = true;
}

void credentials_reload(struct credentials *credentials)
{
    credentials_fetch_stop(credentials->fetch);
    credentials_wipe(&credentials->current);
    credentials->has_current = false;
    credentials->is_held_back = false;
    credentials->fetch_ms = 0;
    credentials->forced_ms = 0;
    credentials->failures = 0;
}

void credentials_turn(struct credentials *credentials)
{
    credentials_fetch_turn(credentials->fetch);
    settle(credentials);
    end_old_keys(credentials);
    if (is_due(credentials) && now_mono_ms() >= credentials->fetch_ms)
        begin(credentials);
}

int64_t credentials_due_ms(const struct credentials *credentials)
{
    if (credentials_fetch_result(credentials->fetch) != NULL)
        return 0;
    if (credentials_fetch_is_running(credentials->fetch))
        return credentials_fetch_due_ms(credentials->fetch);
    return credentials->fetch_ms;
}

const char *credentials_news(struct credentials *credentials, bool *ret_is_bad)
{
    if (!credentials->has_news)
        return NULL;
    credentials->has_news = false;
    *ret_is_bad = credentials->is_bad_news;
    return credentials->news;
}

struct credentials_state credentials_state(const struct credentials *credentials)
{
    return (struct credentials_state){
        .has_keys = credentials->has_current && now_mono_ms() < credentials->ends_ms,
        .expires_at_s = credentials->has_current ? credentials->current.expires_at_s : -1,
        .has_failed = credentials->failures > 0,
        .problem = credentials->problem.text,
    };
}

const char *credentials_source_name(const struct credentials *credentials)
{
    return sources[credentials->options.source].name;
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
