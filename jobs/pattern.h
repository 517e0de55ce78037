/* The regular expressions of the service model, each as its text and a function that decides it.
 * All of them must match a whole string. */
#ifndef JOBS_PATTERN_H
#define JOBS_PATTERN_H

#include "base/str.h"

struct pattern {
    const char *text; /* as the service model has it, for messages */
    bool (*matches)(struct str s);
};

extern const struct pattern pattern_id;          /* jobId, namespaceId, clientToken */
extern const struct pattern pattern_thing_name;  /* thingName, keys of status details */
extern const struct pattern pattern_printable;   /* description, comment */
extern const struct pattern pattern_reason_code; /* reasonCode */
extern const struct pattern pattern_arn;         /* ARNs of templates and package versions */
extern const struct pattern pattern_tag_key;     /* keys of tags */

#endif
