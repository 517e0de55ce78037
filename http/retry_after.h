/* How long a server asks us to wait. Pure. */
#ifndef HTTP_RETRY_AFTER_H
#define HTTP_RETRY_AFTER_H

#include "base/str.h"

#define RETRY_AFTER_MAX_MS (24LL * 3600 * 1000) /* a longer wish is cut to a day */

/* Retry-After: seconds or an HTTP date, against now. -1 when it is neither. */
int64_t retry_after_parse(struct str value, int64_t now_s);

/* x-amz-retry-after: milliseconds. -1 when it is no number. */
int64_t retry_after_parse_ms(struct str value);

#endif
