/*
 * The parameters of a request that do not stand in its body, and how one is refused: ERR_INVALID
 * in the words AWS's services use.
 */
#ifndef LOCAL_QUERY_H
#define LOCAL_QUERY_H

#include "base/str.h"
#include "base/why.h"
#include "jobs/pattern.h"

#define QUERY_PARAMS_MAX 16
#define QUERY_BYTES_MAX  2048

struct query {
    struct query_param {
        struct str name;
        struct str value;
    } params[QUERY_PARAMS_MAX];
    size_t count;
    char text[QUERY_BYTES_MAX]; /* what the views point into: a struct query is not copied */
};

/* raw as on the wire, absent when there is none. A parameter that is not among known (up to a
 * NULL), one that stands twice and one that is no UTF-8 are refused. */
nodiscard enum err query_parse(struct str raw, const char *const *known, struct query *ret,
                               struct why *why);
struct str query_get(const struct query *query, const char *name); /* absent: it is not there */

/* Outputs stay as they are when the parameter is not there. */
nodiscard enum err query_bool(const struct query *query, const char *name, bool *ret,
                              struct why *why);
nodiscard enum err query_int(const struct query *query, const char *name, int64_t min, int64_t max,
                             int64_t *ret, struct why *why);

/* Checks an identifier: 1 to length_max characters of a pattern. */
nodiscard enum err query_check_id(const char *name, struct str value, size_t length_max,
                                  const struct pattern *pattern, struct why *why);

/* Refuses a value; the constraint is what follows "Member must ". */
enum err query_refuse(struct why *why, const char *name, struct str value, const char *constraint,
                      ...) printf_like(4, 5);

#endif
