/* <command topic>/accepted and /rejected. */
#ifndef TOPICS_RESULT_TOPIC_H
#define TOPICS_RESULT_TOPIC_H

#include "base/buf.h"
#include "base/why.h"

void result_topic_format(struct str command_topic, bool is_accepted, struct buf *out);

#endif
