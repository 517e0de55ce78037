/*
 * The admin server: GET /healthz and GET /readyz, in JSON, on its own thread.
 *
 *   200 {"status":"ok"}    503 {"status":"unavailable","reasons":[...]}
 *
 * /healthz asks whether the loop turns; /readyz also whether commands can be taken and answered.
 * With a token every path asks for it first, see http/access_token.h; without it the answer is 401.
 */
#ifndef DAEMON_ADMIN_H
#define DAEMON_ADMIN_H

#include "base/why.h"
#include "daemon/health.h"

struct admin;

/* listen as in http/server.h; token_file may be NULL, and is read once, here; health must outlive
 * the admin server. */
nodiscard enum err admin_start(const char *listen, const char *token_file,
                               const struct health *health, struct admin **ret, struct why *why);
void admin_stop(struct admin *admin);
unsigned admin_port(const struct admin *admin);

#endif
