/*
 * From a request to its answer: route, parameters, a transaction, the operation. Signatures are
 * the caller's business. Failures inside are logged here.
 */
#ifndef LOCAL_DISPATCH_H
#define LOCAL_DISPATCH_H

#include "http/server.h"
#include "store/execution_store.h"
#include "store/job_store.h"

struct dispatch {
    struct store *store;
    struct job_store *jobs;
    struct execution_store *executions;
    const char *region;
};

void dispatch_request(const struct dispatch *dispatch, int64_t now_ms,
                      const struct server_request *request, struct server_response *response);

#endif
