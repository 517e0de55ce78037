/*
 * The topics of the namespaced notify event: a template with {thing} {job} {namespace} {root}
 * {prefix}, the last being the reserved prefix ("$aws" by default).
 *
 *   documented       {prefix}/things/{thing}/jobs/{job}/notify-namespace-{namespace}/
 *                    the UpdateJob reference, trailing slash included
 *   greengrass       {prefix}/things/{thing}/jobs/notify-namespace-{namespace}
 *                    what the Greengrass Java nucleus subscribes to
 *   greengrass-next  {prefix}/things/{thing}/jobs/notify-next-namespace-{namespace}
 *                    what Greengrass nucleus lite subscribes to
 */
#ifndef TOPICS_NOTIFY_TOPIC_H
#define TOPICS_NOTIFY_TOPIC_H

#include "base/buf.h"
#include "base/str.h"
#include "base/why.h"

struct notify_topic_values {
    struct str prefix;
    struct str root;
    struct str thing;
    struct str job;
    struct str namespace;
};

/* The template a preset's name stands for, or the text itself if it is none. */
struct str notify_topic_template(struct str preset_or_text);

/* What can be known without values: unknown, unclosed or unopened {placeholders}, a misspelt preset
 * (one word without a slash or a placeholder), one of the bridge's own topics, and all that
 * level_check_name refuses, with values of one character each. */
nodiscard enum err notify_topic_check(struct str template, struct str prefix, struct str root,
                                      struct why *why);

/* Appends the topic. ERR_INVALID, and nothing appended, if it breaks level_check_name, is one of
 * the bridge's own, or asks for a value that is absent or no identifier. */
nodiscard enum err notify_topic_format(struct str template,
                                       const struct notify_topic_values *values, struct buf *out,
                                       struct why *why);

/* Appends a filter that matches every topic of the template, and others as well: a level with
 * another placeholder than {root} and {prefix} becomes '+'. The template must be a valid one. */
void notify_topic_filter(struct str template, struct str prefix, struct str root, struct buf *out);

#endif
