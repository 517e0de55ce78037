/* The identifiers that stand in topics and URLs. Lengths and their source: base/limits.h. */
#ifndef TOPICS_IDENTIFIER_H
#define TOPICS_IDENTIFIER_H

#include "base/str.h"
#include "base/why.h"

enum identifier {
    IDENTIFIER_JOB,       /* [a-zA-Z0-9_-]{1,64} */
    IDENTIFIER_NAMESPACE, /* [a-zA-Z0-9_-]{1,64} */
    IDENTIFIER_THING,     /* [a-zA-Z0-9:_-]{1,128} */
    IDENTIFIER_TOKEN,     /* [a-zA-Z0-9_-]{1,64} */
    IDENTIFIER_ROOT,      /* [a-zA-Z0-9_.:-]{1,64} */
    IDENTIFIER_COUNT
};

bool identifier_is_job(struct str s);
bool identifier_is_namespace(struct str s);
bool identifier_is_thing(struct str s);
bool identifier_is_token(struct str s);

/* ERR_INVALID with AWS's name of the identifier (jobId, ...) as field, the rule and the value in
 * why. */
nodiscard enum err identifier_check(enum identifier what, struct str s, struct why *why);

#endif
