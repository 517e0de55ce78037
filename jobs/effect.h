/* Whether an UpdateJob has taken effect, as DescribeJob tells it. */
#ifndef JOBS_EFFECT_H
#define JOBS_EFFECT_H

#include "base/str.h"

#include <stdbool.h>

/* body: what was sent, a JSON object of members. description: DescribeJob's answer. True if each
 * member has the same value there, whatever the order of keys and the form of numbers. False also
 * when either cannot be read: then nobody knows. */
bool effect_is_seen(struct str body, struct str description);

#endif
