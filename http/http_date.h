/* Dates in headers, in any of HTTP's three forms. Pure. */
#ifndef HTTP_HTTP_DATE_H
#define HTTP_HTTP_DATE_H

#include "base/str.h"

/* False for what is no date, or none of the years 1970 to 9999, so that nobody has to reckon with
 * others. */
nodiscard bool http_date_parse(struct str text, int64_t *ret_s);

#endif
