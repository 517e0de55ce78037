/* When keys end, as ISO 8601 says it. Pure. */
#ifndef HTTP_CREDENTIALS_EXPIRY_H
#define HTTP_CREDENTIALS_EXPIRY_H

#include "base/str.h"

/* "2018-01-18T09:18:06Z", with a fraction or with an offset ("+00:00") as well; epoch seconds. */
nodiscard bool credentials_expiry_parse(struct str text, int64_t *ret_s);

/* How long after they came keys of that lifetime are to be fetched again. Five minutes before the
 * end, or a third of the lifetime where that is less, and from there up to a fifth of that time
 * later by chance: sources that cache hand out the same keys until five minutes before the end. */
int64_t credentials_expiry_refresh_ms(int64_t lifetime_ms);

/* How long to leave a source alone that has failed so many times in a row (at least once). */
int64_t credentials_expiry_pause_ms(unsigned failures);

#endif
