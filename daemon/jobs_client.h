/* One request after the other to the configured Jobs endpoint, each waited for. */
#ifndef DAEMON_JOBS_CLIENT_H
#define DAEMON_JOBS_CLIENT_H

#include "base/buf.h"
#include "base/why.h"
#include "daemon/config.h"
#include "jobs/fault.h"

#define JOBS_CLIENT_ANSWER_BYTES ((size_t)1024 * 1024)

struct jobs_client;

struct jobs_request {
    const char *method;
    struct buf path;  /* percent-encoded */
    struct buf query; /* percent-encoded; empty: none */
    struct buf body;  /* JSON; empty: none */
};

struct jobs_answer {
    enum fault fault; /* FAULT_OK: it was done; FAULT_TRANSPORT: no answer */
    char message[WHY_TEXT_MAX];
    struct buf body;
};

nodiscard enum err jobs_client_new(const struct config *config, struct jobs_client **ret,
                                   struct why *why);
void jobs_client_free(struct jobs_client *client);

/* Replaces what ret->body holds, which the caller has given a maximum. */
nodiscard enum err jobs_client_ask(struct jobs_client *client, const struct jobs_request *request,
                                   struct jobs_answer *ret);

const char *jobs_client_url(const struct jobs_client *client);

#endif
