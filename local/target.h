/*
 * Targets of a job: ARNs of things and thing groups.
 *
 * A thing gets an execution. A thing group gets none, since nothing here knows its members. Region
 * and account of an ARN may be anybody's, so that a job made for a real account runs as it is.
 */
#ifndef LOCAL_TARGET_H
#define LOCAL_TARGET_H

#include "local/ask.h"

/* ERR_INVALID unless each is arn:<partition>:iot:<region>:<account>:(thing|thinggroup)/<name>. */
nodiscard enum err target_check(struct doc_node targets, struct why *why);

/* Queues an execution for every thing among targets that passed target_check. */
nodiscard enum err target_queue(struct ask *ask, int64_t job_key, struct str namespace,
                                struct doc_node targets, struct why *why);

#endif
