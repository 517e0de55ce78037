/* Every key of the configuration file, as a table: what it may hold, and where that goes. */
#ifndef DAEMON_CONFIG_KEY_H
#define DAEMON_CONFIG_KEY_H

#include "base/buf.h"
#include "base/str.h"

enum config_kind {
    CONFIG_TEXT,
    CONFIG_PATH,
    CONFIG_ROOT,     /* of the topics */
    CONFIG_PREFIX,   /* of reserved topics */
    CONFIG_GROUP,    /* of shared subscriptions */
    CONFIG_REGION,   /* of AWS */
    CONFIG_BROKER,   /* mqtt://host[:port] or mqtts://host[:port] */
    CONFIG_ENDPOINT, /* embedded, aws, https://host[:port], http://loopback[:port] */
    CONFIG_PROVIDER, /* of AWS IoT credentials */
    CONFIG_ALIAS,    /* of a role */
    CONFIG_THING,
    CONFIG_FOLLOWED, /* a thing, or + */
    CONFIG_NAMESPACE,
    CONFIG_LISTEN,   /* 0.0.0.0:9099 or [::1]:9099 */
    CONFIG_LOOPBACK, /* 127.0.0.1:8099 or [::1]:8099 */
    CONFIG_INTEGER,
    CONFIG_DURATION, /* 500ms 30s 5m 1h, kept in milliseconds */
    CONFIG_SIZE,     /* 64KiB 256MiB 1GiB, kept in bytes */
    CONFIG_PERCENT,  /* 10% */
    CONFIG_FLAG,     /* true or false */
    CONFIG_CHOICE,
    CONFIG_LIST, /* of texts, of the kind that item says */
};

struct config_choice {
    const char *name;
    int64_t value;
};

struct config_key {
    const char *section; /* "": top level */
    const char *name;
    enum config_kind kind;
    bool is_fixed;         /* a service that runs cannot take another value */
    size_t offset;         /* in struct config: char *, int64_t or struct config_list, by kind */
    const char *preset;    /* the default as it would be written; NULL: not set */
    enum config_kind item; /* of lists */
    int64_t min;           /* of numbers */
    int64_t max;           /* of numbers; bytes of texts; entries of lists */
    const struct config_choice *choices; /* ends in a NULL name */
};

#define CONFIG_KEY_COUNT 64

const struct config_key *config_key_at(size_t index); /* NULL at the end */
size_t config_key_index(const struct config_key *key);

/* NULL if there is none. */
const struct config_key *config_key_find(struct str section, struct str name);
bool config_key_is_section(struct str name);

/* Numbers are kept as int64_t, texts as char *. */
bool config_key_is_number(const struct config_key *key);

/* The known name most like this one, for "did you mean"; NULL if none is close. */
const char *config_key_closest(struct str section, struct str name);

void config_key_path(const struct config_key *key, struct buf *out); /* "mqtt.url" */

#endif
