/*
 * jobs/ is AWS IoT Jobs as data: documents, shapes with their limits, the UpdateJob command, the
 * error taxonomy. Pure: bytes in, struct or why out; no I/O, no clock, no logging, any thread.
 *
 *   doc      a strictly parsed JSON document (jansson stays behind it)
 *   shape    a table row per field of the service model, and the one checker that reads the rows
 *   model    the rows: UpdateJob, CreateJob and what they share
 *   pattern  the service model's regular expressions
 *   text     those of them that ask for Unicode categories (utf8proc stays behind it)
 *   update   an UpdateJob body, checked and kept as text
 *   command  what a device sends: an update and the bridge's own members
 *   notice   what AWS says of pending executions, as an event for each job
 *   fault    AWS's errors: permanent, throttled, transient, credentials
 *   reject   the codes of a rejected answer
 */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include "jobs/command.h"
#include "jobs/doc.h"
#include "jobs/fault.h"
#include "jobs/model.h"
#include "jobs/notice.h"
#include "jobs/reject.h"
#include "jobs/update.h"

#endif
