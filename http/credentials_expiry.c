#include "http/credentials_expiry.h"

#include "base/chance.h"

#include <time.h>

#define LEAD_MAX_MS    (INT64_C(300) * 1000)
#define REFRESH_MIN_MS INT64_C(1000)
#define PAUSE_MIN_MS   INT64_C(1000)
#define PAUSE_MAX_MS   INT64_C(60000)

/* Reads n digits off the front. */
static bool cut_number(struct str *text, size_t n, int *ret)
{
    int64_t value;
    if (text->n < n || text->p[0] == '-' || !str_to_int((struct str){text->p, n}, 0, 9999, &value))
        return false;
    *text = (struct str){text->p + n, text->n - n};
    *ret = (int)value;
    return true;
}

static bool cut_byte(struct str *text, char byte)
{
    if (text->n == 0 || text->p[0] != byte)
        return false;
    *text = (struct str){text->p + 1, text->n - 1};
    return true;
}

static bool cut_date(struct str *text, struct tm *ret)
{
    bool ok = cut_number(text, 4, &ret->tm_year) && cut_byte(text, '-') &&
              cut_number(text, 2, &ret->tm_mon) && cut_byte(text, '-') &&
              cut_number(text, 2, &ret->tm_mday);
    ret->tm_year -= 1900;
    ret->tm_mon -= 1;
    return ok && ret->tm_year >= 70 && ret->tm_mon >= 0 && ret->tm_mon < 12 && ret->tm_mday >= 1 &&
           ret->tm_mday <= 31;
}

static bool cut_time(struct str *text, struct tm *ret)
{
    bool ok = cut_number(text, 2, &ret->tm_hour) && cut_byte(text, ':') &&
              cut_number(text, 2, &ret->tm_min) && cut_byte(text, ':') &&
              cut_number(text, 2, &ret->tm_sec);
    return ok && ret->tm_hour < 24 && ret->tm_min < 60 && ret->tm_sec <= 60;
}

static bool cut_fraction(struct str *text)
{
    if (!cut_byte(text, '.'))
        return true;
    size_t n = 0;
    while (n < text->n && text->p[n] >= '0' && text->p[n] <= '9')
        n++;
    *text = (struct str){text->p + n, text->n - n};
    return n > 0;
}

/* "Z", "+01:00" or "+0100". */
static bool cut_offset(struct str *text, int64_t *ret_s)
{
    int hours = 0;
    int minutes = 0;
    *ret_s = 0;
    if (cut_byte(text, 'Z'))
        return true;
    bool is_behind = cut_byte(text, '-');
    if (!is_behind && !cut_byte(text, '+'))
        return false;
    bool ok = cut_number(text, 2, &hours) && (cut_byte(text, ':') || text->n > 0) &&
              cut_number(text, 2, &minutes) && hours < 24 && minutes < 60;
    *ret_s = (is_behind ? -60 : 60) * (int64_t)(hours * 60 + minutes);
    return ok;
}

bool credentials_expiry_parse(struct str text, int64_t *ret_s)
{
    struct tm utc = {0};
    int64_t offset_s;
    if (!cut_date(&text, &utc) || !cut_byte(&text, 'T') || !cut_time(&text, &utc) ||
        !cut_fraction(&text) || !cut_offset(&text, &offset_s) || text.n > 0)
        return false;
    *ret_s = timegm(&utc) - offset_s;
    return true;
}

int64_t credentials_expiry_refresh_ms(int64_t lifetime_ms)
{
    int64_t lead_ms = lifetime_ms / 3 < LEAD_MAX_MS ? lifetime_ms / 3 : LEAD_MAX_MS;
    int64_t after_ms = lifetime_ms - lead_ms + (int64_t)chance_below((uint64_t)lead_ms / 5 + 1);
    return after_ms > REFRESH_MIN_MS ? after_ms : REFRESH_MIN_MS;
}

int64_t credentials_expiry_pause_ms(unsigned failures)
{
    int64_t pause_ms = failures > 6 ? PAUSE_MAX_MS : PAUSE_MIN_MS << (failures - 1);
    if (pause_ms > PAUSE_MAX_MS)
        pause_ms = PAUSE_MAX_MS;
    return pause_ms / 2 + (int64_t)chance_below((uint64_t)pause_ms / 2 + 1);
}
