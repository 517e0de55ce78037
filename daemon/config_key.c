#include "daemon/config_key.h"

#include "base/closest.h"
#include "base/limits.h"
#include "daemon/config.h"
#include "store/store.h"

#define SECOND (INT64_C(1000))
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define KIB    (INT64_C(1024))
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)

#define PATH_BYTES_MAX 4095

#define KEEPS(member) .offset = offsetof(struct config, member)

static const struct config_choice versions[] = {{"5", 5}, {"3", 3}, {"3.1.1", 3}, {NULL, 0}};
static const struct config_choice verifications[] = {{"none", 0}, {"describe", 1}, {NULL, 0}};
static const struct config_choice syncs[] = {
    {"full", STORE_SYNC_FULL}, {"normal", STORE_SYNC_NORMAL}, {NULL, 0}};
static const struct config_choice sources[] = {
    {"auto", CREDENTIALS_AUTO},
    {"environment", CREDENTIALS_ENVIRONMENT},
    {"profile", CREDENTIALS_PROFILE},
    {"embedded", CREDENTIALS_EMBEDDED},
    {"container", CREDENTIALS_CONTAINER},
    {"imds", CREDENTIALS_IMDS},
    {"iot", CREDENTIALS_IOT},
    {NULL, 0},
};

/* clang-format off */
/* Members have no parentheses. NOLINTBEGIN(bugprone-macro-parentheses) */
#define BROKER(section, at, address, name)                                                         \
    {section, "url", CONFIG_BROKER, KEEPS(at.url), .preset = address, .max = 300},                 \
    {section, "client_id", CONFIG_TEXT, KEEPS(at.client_id), .preset = name,                       \
     .max = 128 /* AWS IoT Core; other brokers take more */},                                      \
    {section, "version", CONFIG_CHOICE, KEEPS(at.version), .preset = "5", .choices = versions},    \
    {section, "keep_alive", CONFIG_DURATION, KEEPS(at.keep_alive_ms), .preset = "30s",             \
     .min = 5 * SECOND, .max = 60 * SECOND},                                                       \
    {section, "username", CONFIG_TEXT, KEEPS(at.username), .max = 1024},                           \
    {section, "password_file", CONFIG_PATH, KEEPS(at.password_file), .max = PATH_BYTES_MAX},       \
    {section, "ca_file", CONFIG_PATH, KEEPS(at.ca_file), .max = PATH_BYTES_MAX},                   \
    {section, "cert_file", CONFIG_PATH, KEEPS(at.cert_file), .max = PATH_BYTES_MAX},               \
    {section, "key_file", CONFIG_PATH, KEEPS(at.key_file), .max = PATH_BYTES_MAX}

/* NOLINTEND(bugprone-macro-parentheses) */
static const struct config_key keys[] = {
    {"", "state", CONFIG_PATH, KEEPS(state), .is_fixed = true, .preset = "./state",
     .max = PATH_BYTES_MAX},

    BROKER("mqtt", mqtt, "mqtt://127.0.0.1:1883", "jobs-bridge"),
    {"mqtt", "shared_group", CONFIG_GROUP, KEEPS(shared_group), .max = 64},

    {"topics", "root", CONFIG_ROOT, KEEPS(topics.root), .preset = "jobs-bridge", .max = 64},
    {"topics", "notify", CONFIG_LIST, KEEPS(topics.notify), .item = CONFIG_TEXT,
     .preset = "documented", .max = CONFIG_NOTIFY_MAX},
    {"topics", "reserved_prefix", CONFIG_PREFIX, KEEPS(topics.reserved_prefix), .preset = "$aws",
     .max = LIMITS_TOPIC_BYTES},

    {"jobs", "endpoint", CONFIG_ENDPOINT, KEEPS(jobs.endpoint), .preset = "embedded", .max = 300},
    {"jobs", "region", CONFIG_REGION, KEEPS(jobs.region), .preset = "us-east-1", .max = 32},
    {"jobs", "rate_per_second", CONFIG_INTEGER, KEEPS(jobs.rate_per_second), .preset = "10",
     .min = 0, .max = 10000},
    {"jobs", "burst", CONFIG_INTEGER, KEEPS(jobs.burst), .preset = "10", .min = 1, .max = 10000},
    {"jobs", "reserve", CONFIG_PERCENT, KEEPS(jobs.reserve_percent), .preset = "10%", .min = 0,
     .max = 100},
    {"jobs", "max_in_flight", CONFIG_INTEGER, KEEPS(jobs.max_in_flight), .preset = "8", .min = 1,
     .max = LIMITS_MAX_IN_FLIGHT},
    {"jobs", "waiting_per_thing", CONFIG_INTEGER, KEEPS(jobs.waiting_per_thing), .preset = "1000",
     .min = 1, .max = LIMITS_WAITING},
    {"jobs", "coalesce", CONFIG_FLAG, KEEPS(jobs.coalesce), .preset = "true"},
    {"jobs", "deadline", CONFIG_DURATION, KEEPS(jobs.deadline_ms), .preset = "5m",
     .min = SECOND, .max = 24 * HOUR},
    {"jobs", "call_timeout", CONFIG_DURATION, KEEPS(jobs.call_timeout_ms), .preset = "15s",
     .min = 100, .max = MINUTE},
    {"jobs", "verify", CONFIG_CHOICE, KEEPS(jobs.verify), .preset = "none",
     .choices = verifications},

    {"credentials", "source", CONFIG_CHOICE, KEEPS(credentials.source), .preset = "auto",
     .choices = sources},
    {"credentials", "endpoint", CONFIG_PROVIDER, KEEPS(credentials.endpoint), .max = 300},
    {"credentials", "role_alias", CONFIG_ALIAS, KEEPS(credentials.role_alias), .max = 128},
    {"credentials", "thing_name", CONFIG_THING, KEEPS(credentials.thing_name),
     .max = LIMITS_THING_NAME},
    {"credentials", "cert_file", CONFIG_PATH, KEEPS(credentials.cert_file), .max = PATH_BYTES_MAX},
    {"credentials", "key_file", CONFIG_PATH, KEEPS(credentials.key_file), .max = PATH_BYTES_MAX},
    {"credentials", "ca_file", CONFIG_PATH, KEEPS(credentials.ca_file), .max = PATH_BYTES_MAX},

    {"embedded", "listen", CONFIG_LOOPBACK, KEEPS(embedded.listen), .is_fixed = true,
     .preset = "127.0.0.1:8099", .max = 64},

    {"journal", "sync", CONFIG_CHOICE, KEEPS(journal.sync), .preset = "full", .choices = syncs},
    {"journal", "dedupe_window", CONFIG_DURATION, KEEPS(journal.dedupe_window_ms), .preset = "10m",
     .min = SECOND, .max = 24 * HOUR},
    {"journal", "max_size", CONFIG_SIZE, KEEPS(journal.max_size_bytes), .preset = "256MiB",
     .min = MIB, .max = 64 * GIB},

    {"policy", "file", CONFIG_PATH, KEEPS(policy.file), .max = PATH_BYTES_MAX},

    {"admin", "listen", CONFIG_LISTEN, KEEPS(admin.listen), .is_fixed = true,
     .preset = "127.0.0.1:9099", .max = 64},
    {"admin", "token_file", CONFIG_PATH, KEEPS(admin.token_file), .is_fixed = true,
     .max = PATH_BYTES_MAX},

    BROKER("upstream", upstream.broker, NULL, "jobs-bridge-upstream"),
    {"upstream", "things", CONFIG_LIST, KEEPS(upstream.things), .item = CONFIG_FOLLOWED,
     .max = CONFIG_FOLLOWED_MAX},
    {"upstream", "namespaces", CONFIG_LIST, KEEPS(upstream.namespaces), .item = CONFIG_NAMESPACE,
     .max = CONFIG_FOLLOWED_MAX},
    {"upstream", "commands", CONFIG_FLAG, KEEPS(upstream.commands), .preset = "false"},

    {"partition", "index", CONFIG_INTEGER, KEEPS(partition.index), .preset = "0", .min = 0,
     .max = LIMITS_PARTITIONS - 1},
    {"partition", "count", CONFIG_INTEGER, KEEPS(partition.count), .preset = "1", .min = 1,
     .max = LIMITS_PARTITIONS},
};
/* clang-format on */

_Static_assert(COUNT_OF(keys) <= CONFIG_KEY_COUNT, "one line of the file is kept for each key");

const struct config_key *config_key_at(size_t index)
{
    return index < COUNT_OF(keys) ? &keys[index] : NULL;
}

size_t config_key_index(const struct config_key *key)
{
    return (size_t)(key - keys);
}

const struct config_key *config_key_find(struct str section, struct str name)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (str_eq_text(section, keys[i].section) && str_eq_text(name, keys[i].name))
            return &keys[i];
    }
    return NULL;
}

bool config_key_is_section(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (keys[i].section[0] != '\0' && str_eq_text(name, keys[i].section))
            return true;
    }
    return false;
}

bool config_key_is_number(const struct config_key *key)
{
    return key->kind >= CONFIG_INTEGER && key->kind <= CONFIG_CHOICE;
}

const char *config_key_closest(struct str section, struct str name)
{
    struct closest closest = closest_to(name);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (str_eq_text(section, keys[i].section))
            closest_try(&closest, keys[i].name);
        else if (section.n == 0) /* on the top level the sections are names as well */
            closest_try(&closest, keys[i].section);
    }
    return closest.name;
}

void config_key_path(const struct config_key *key, struct buf *out)
{
    if (key->section[0] != '\0')
        buf_format(out, "%s.", key->section);
    buf_add_text(out, key->name);
}
