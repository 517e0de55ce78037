#include "http/retry_after.h"

#include "http/http_date.h"

static int64_t within_a_day(int64_t ms)
{
    if (ms < 0)
        return 0;
    return ms < RETRY_AFTER_MAX_MS ? ms : RETRY_AFTER_MAX_MS;
}

int64_t retry_after_parse(struct str value, int64_t now_s)
{
    int64_t seconds = 0;
    if (str_to_int(value, 0, INT64_MAX / 1000, &seconds))
        return within_a_day(seconds * 1000);
    if (!str_has(value, ':') || !http_date_parse(value, &seconds))
        return -1;
    return within_a_day((seconds - now_s) * 1000);
}

int64_t retry_after_parse_ms(struct str value)
{
    int64_t ms = 0;
    return str_to_int(value, 0, INT64_MAX, &ms) ? within_a_day(ms) : -1;
}
