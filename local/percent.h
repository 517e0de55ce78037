/* Percent-encoding of paths and queries (RFC 3986). '+' is a plus. */
#ifndef LOCAL_PERCENT_H
#define LOCAL_PERCENT_H

#include "base/str.h"

/* Decodes s into out, which has room bytes; the result is a view into it. False when an escape is
 * broken or stands for a NUL, or when the result does not fit. */
nodiscard bool percent_decode(struct str s, char *out, size_t room, struct str *ret);

#endif
