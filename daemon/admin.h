/*
 * The admin server, on its own thread: GET (and HEAD) of a few paths, each written by a function.
 *
 *   /healthz    whether the loop turns
 *   /readyz     whether commands can be taken and answered besides
 *   /metrics    everything that is counted and measured: daemon/metrics.h
 *   /api/...    what the dashboard shows: daemon/board.h
 *   / and the files it names are the dashboard's page: daemon/asset.h
 *
 * The first two answer 200 {"status":"ok"} or 503 {"status":"unavailable","reasons":[...]}.
 * With a token every path asks for it first, see http/access_token.h; without it the answer is 401.
 */
#ifndef DAEMON_ADMIN_H
#define DAEMON_ADMIN_H

#include "base/why.h"
#include "daemon/board.h"
#include "daemon/snapshot.h"

struct admin;

struct admin_options {
    const char *listen;                  /* as in http/server.h */
    struct snapshot_exchange *snapshots; /* read here only; must outlive the admin server */
    struct news *news;                   /* likewise; NULL: no command is told of */
    const char *journal;                 /* its database, for the dead letters; copied */
    const char *token_file;              /* NULL: none; read once, at the start */
};

nodiscard enum err admin_start(const struct admin_options *options, struct admin **ret,
                               struct why *why);
void admin_stop(struct admin *admin);
unsigned admin_port(const struct admin *admin);
void admin_wake(struct admin *admin); /* there are news; on any thread */

#endif
