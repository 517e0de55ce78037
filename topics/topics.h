/*
 * topics/ is the grammar of every topic, as pure functions over bytes: no allocation beyond the
 * caller's buf, no I/O, any thread.
 *
 *   command:  <root>/things/<thing>/jobs/<job>[/namespace-<ns>]/update
 *             <root>/jobs/<job>[/namespace-<ns>]/update
 *   answer:   <command topic>/accepted | <command topic>/rejected
 *   notify:   presets documented, greengrass, greengrass-next, or the user's own template
 *   notice:   the same three, as an upstream broker publishes on them
 *   event:    <root>/events/jobs/<job>
 *   status:   <root>/status, of several bridges <root>/status/<index>
 *
 * <root> is one level: with two, the answer to a namespaced command would have 8 slashes, one more
 * than AWS IoT allows. Limits are in base/limits.h.
 */
#ifndef TOPICS_TOPICS_H
#define TOPICS_TOPICS_H

#include "topics/command_topic.h"
#include "topics/event_topic.h"
#include "topics/identifier.h"
#include "topics/level.h"
#include "topics/notice_topic.h"
#include "topics/notify_topic.h"
#include "topics/own_topic.h"
#include "topics/response_topic.h"
#include "topics/result_topic.h"

#endif
