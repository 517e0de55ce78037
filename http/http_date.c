#include "http/http_date.h"

#include <curl/curl.h>

#define DATE_BYTES_MAX 64
#define YEAR_10000_S   INT64_C(253402300800)

bool http_date_parse(struct str text, int64_t *ret_s)
{
    char copy[DATE_BYTES_MAX];
    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    int64_t seconds = curl_getdate(copy, NULL);
    if (seconds < 0 || seconds >= YEAR_10000_S)
        return false;
    *ret_s = seconds;
    return true;
}
