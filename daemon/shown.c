#include "daemon/shown.h"

#include "base/utf8.h"

#include <time.h>

static bool is_between(uint32_t character, uint32_t first, uint32_t last)
{
    return character >= first && character <= last;
}

/* Control characters, line and paragraph separators, and those that change the direction: with them
 * a text could look like what it is not. */
static bool is_unfit(uint32_t character)
{
    return character < 0x20 || is_between(character, 0x7f, 0x9f) || character == 0x61c ||
           is_between(character, 0x200e, 0x200f) || is_between(character, 0x2028, 0x202e) ||
           is_between(character, 0x2066, 0x2069);
}

static void add(struct buf *out, struct str text, const char *allowed)
{
    while (text.n > 0) {
        uint32_t character = 0;
        size_t n = utf8_next(text, &character);
        bool is_allowed = n == 1 && character != 0 && strchr(allowed, (int)character) != NULL;
        if (n == 0 || (is_unfit(character) && !is_allowed))
            buf_add_byte(out, '?');
        else
            buf_add(out, (struct str){text.p, n});
        text.p += n == 0 ? 1 : n;
        text.n -= n == 0 ? 1 : n;
    }
}

void shown_line(struct buf *out, struct str text)
{
    add(out, text, "");
}

void shown_text(struct buf *out, struct str text)
{
    add(out, text, "\n\t");
}

void shown_time(struct buf *out, int64_t epoch_s)
{
    time_t at = (time_t)epoch_s;
    struct tm utc;
    char text[32];
    if (gmtime_r(&at, &utc) != NULL && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
        buf_add_text(out, text);
}

void shown_local_time(struct buf *out, int64_t epoch_s)
{
    time_t at = (time_t)epoch_s;
    struct tm local;
    char text[32];
    if (localtime_r(&at, &local) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) > 0)
        buf_add_text(out, text);
}

void shown_json(struct buf *out, struct str json)
{
    while (json.n > 0) {
        uint32_t character = 0;
        size_t n = utf8_next(json, &character);
        if (n == 0)
            buf_add_byte(out, '?');
        else if (is_unfit(character)) /* all of them are in the plane that four digits reach */
            buf_format(out, "\\u%04x", (unsigned)character);
        else
            buf_add(out, (struct str){json.p, n});
        json.p += n == 0 ? 1 : n;
        json.n -= n == 0 ? 1 : n;
    }
}
