/* What the program's verbs share: exit codes, the configuration, JSON from the command line. They
 * speak to a person: results on standard output, everything else on standard error. */
#ifndef DAEMON_VERB_H
#define DAEMON_VERB_H

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"
#include "daemon/config.h"
#include "topics/identifier.h"

enum verb_exit {
    VERB_OK = 0,
    VERB_REFUSED = 1,   /* the answer is no, or what is asked for cannot be done */
    VERB_NO_ANSWER = 2, /* nobody answered in time */
    VERB_USAGE = 64,    /* EX_USAGE: the command line, or what it names, makes no sense */
};

#define VERB_CONFIG_OPTION                                                                         \
    {                                                                                              \
        "config", 'c', "FILE", 0, "the configuration file", 0                                      \
    }

/* The configuration in file, or where it is looked for without one (NULL). NULL after every mistake
 * has been told. ret_file may be NULL; it is NULL for the built-in defaults. */
struct config *verb_config(const char *file, const char **ret_file);

/* The same with the rules of policy.file, whose mistakes are told as well. */
struct config *verb_config_with_policy(const char *file, const char **ret_file);

/* "jobs-bridge: " and the text, as one line. What strangers said may be in it: it is made fit for a
 * terminal. */
void verb_complain(const char *format, ...) printf_like(1, 2);

/* The word, or all of standard input if it is "-"; then checked to be one JSON object, whose text
 * ret gets without blanks around it. */
nodiscard enum err verb_read_json(const char *word, size_t bytes_max, struct buf *ret,
                                  struct why *why);

/* The argument, checked to be an identifier of that kind; argp's complaint otherwise. */
struct argp_state;
struct str verb_read_identifier(struct argp_state *state, enum identifier what, const char *arg);

/* The argument of --timeout, in milliseconds: "15s", within a tenth of a second and a day; argp's
 * complaint otherwise. */
int64_t verb_read_timeout(struct argp_state *state, const char *arg);

/* The argument of a named option, a whole number within 1 and max; argp's complaint otherwise. */
int64_t verb_read_count(struct argp_state *state, const char *option, const char *arg, int64_t max);

#endif
