/*
 * The topics on which an upstream broker says what becomes of a thing's jobs in a namespace. They
 * are AWS IoT's: "$aws" is no setting here.
 *
 *   notify       $aws/things/<thing>/jobs/notify-namespace-<ns>
 *   notify-next  $aws/things/<thing>/jobs/notify-next-namespace-<ns>
 *   documented   $aws/things/<thing>/jobs/<job>/notify-namespace-<ns>/
 *
 * The first two are what Greengrass subscribes to, the last is that of the UpdateJob reference,
 * which other bridges publish on.
 */
#ifndef TOPICS_NOTICE_TOPIC_H
#define TOPICS_NOTICE_TOPIC_H

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"

enum notice_form { NOTICE_NOTIFY, NOTICE_NOTIFY_NEXT, NOTICE_DOCUMENTED, NOTICE_FORM_COUNT };

/* Views into the topic that was parsed. */
struct notice_topic {
    struct str thing;
    struct str job; /* absent: it names none */
    struct str namespace;
};

/* Whether it is one of AWS's own topics, a notice's or another. */
bool notice_topic_is_reserved(struct str topic);

/* ERR_INVALID with the name of the level at fault (topic for the whole) as field, the rule and the
 * value in why. */
nodiscard enum err notice_topic_parse(struct str topic, struct notice_topic *ret, struct why *why);

/* Appends what to subscribe to for one form, of one thing ("+": of all) and one namespace. */
void notice_topic_filter(enum notice_form form, struct str thing, struct str namespace,
                         struct buf *out);

#endif
