/* The identifiers that stand in topics and URLs. Patterns: see base/limits.h. */
#ifndef TOPICS_IDENTIFIER_H
#define TOPICS_IDENTIFIER_H

#include "base/str.h"
#include "base/why.h"

bool identifier_is_job(struct str s);       /* [a-zA-Z0-9_-]{1,64} */
bool identifier_is_namespace(struct str s); /* [a-zA-Z0-9_-]{1,64} */
bool identifier_is_thing(struct str s);     /* [a-zA-Z0-9:_-]{1,128} */
bool identifier_is_token(struct str s);     /* [a-zA-Z0-9_-]{1,64} */

#endif
