/* One value of the configuration file: from the text as written to what the program uses. */
#ifndef DAEMON_CONFIG_VALUE_H
#define DAEMON_CONFIG_VALUE_H

#include "base/why.h"
#include "daemon/config.h"
#include "daemon/config_key.h"

/* Checks the text and keeps it in config in place of what was there. An empty text means none,
 * where the key may have none. ERR_INVALID with the problem in why->text, without what was
 * expected; ERR_NO_MEMORY. */
nodiscard enum err config_value_set(const struct config_key *key, struct str text,
                                    struct config *config, struct why *why);

/* The same for keys of kind CONFIG_LIST. */
nodiscard enum err config_value_set_list(const struct config_key *key, const struct str *texts,
                                         size_t count, struct config *config, struct why *why);

/* The value of a key of any kind that is kept as a number. */
nodiscard enum err config_value_number(const struct config_key *key, struct str text, int64_t *ret,
                                       struct why *why);

/* Whether both keep the same for the key. */
bool config_value_is_same(const struct config_key *key, const struct config *a,
                          const struct config *b);

/* Frees what the key keeps. */
void config_value_forget(const struct config_key *key, struct config *config);

/* What the key may hold: "a duration from 5s to 1m, such as 30s". */
void config_value_expected(const struct config_key *key, struct buf *out);

/* A value as a message shows it: cut, and without control characters. */
#define CONFIG_VALUE_SHOWN_MAX 64
#define CONFIG_VALUE_ARG(s)                                                                        \
    (int)((s).n < CONFIG_VALUE_SHOWN_MAX ? (s).n : CONFIG_VALUE_SHOWN_MAX), (s).p,                 \
        (s).n > CONFIG_VALUE_SHOWN_MAX ? "..." : ""

#endif
