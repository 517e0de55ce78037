/* Which operation a request is for: one table row each, as in the service model. */
#ifndef LOCAL_ROUTE_H
#define LOCAL_ROUTE_H

#include "local/ask.h"

struct route {
    const char *operation; /* AWS's name of it */
    const char *method;
    const char *path;          /* "/jobs/{jobId}/things" */
    const char *const *params; /* of the query, up to a NULL */
    enum store_access access;
    operation_fn *run;
};

extern const struct route route_table[];
extern const size_t route_count;

/* What stands in the path for its {names}, still encoded; absent where it has none. */
struct route_match {
    const struct route *route;
    struct str job;
    struct str thing;
    struct str number;
};

/* False when no row has this path and method. */
nodiscard bool route_find(struct str method, struct str path, struct route_match *ret);

#endif
