/*
 * A notice: what AWS IoT says on a thing's notify topics of its pending job executions. It becomes
 * one event for each job that it names, in the form of the bridge's own.
 *
 *   notify       {"timestamp", "jobs": {"QUEUED": [summary ...], "IN_PROGRESS": [summary ...]}}
 *   notify-next  {"timestamp", "execution": {"jobId", ...}}
 *   an event     {"timestamp", "thingName", "jobId", "namespaceId", "event", ...}, of another
 *                bridge, about what its topic says: it stays as it is, byte for byte
 *
 * An event begins with the members of the last form ("event" is "NOTIFIED"), then come AWS's own
 * as they came; of "jobs" what is about its job. A notice about no job becomes no event.
 */
#ifndef JOBS_NOTICE_H
#define JOBS_NOTICE_H

#include "base/str.h"
#include "base/why.h"
#include "jobs/reject.h"

/* What its topic says. */
struct notice_place {
    struct str thing;
    struct str job; /* absent: the topic names none */
    struct str namespace;
};

struct notice_event {
    struct str job;
    struct str payload;
};

struct notice {
    size_t count;
    size_t bytes;                /* of memory */
    struct notice_event *events; /* with the texts behind them */
};

/* REJECT_INVALID_JSON, or REJECT_INVALID_REQUEST: it has no known form, for which why has the
 * reason; REJECT_INTERNAL_ERROR: out of memory. notice_free is fine in any case. */
nodiscard enum reject notice_decode(struct str payload, const struct notice_place *place,
                                    struct notice *ret, struct why *why);
void notice_free(struct notice *notice);

#endif
