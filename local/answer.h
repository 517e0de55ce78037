/*
 * Answers as they stand on the wire: x-amzn-RequestId on all of them; a fault as x-amzn-ErrorType
 * and {"message": ...}.
 */
#ifndef LOCAL_ANSWER_H
#define LOCAL_ANSWER_H

#include "http/server.h"
#include "jobs/fault.h"

/* 200 with the body that is there. */
void answer_done(struct server_response *response);

/* Replaces whatever body is there. What went wrong inside is not told to the client. */
void answer_fault(struct server_response *response, enum fault fault, const struct why *why);

/* ResourceAlreadyExistsException, which also names the job that is there. */
void answer_exists(struct server_response *response, const struct why *why, const char *region,
                   struct str job);

#endif
