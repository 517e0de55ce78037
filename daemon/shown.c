#include "daemon/shown.h"

#include "base/utf8.h"

#include <time.h>

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

static void add(struct buf *out, struct str text, const char *allowed)
{
    while (text.n > 0) {
        uint32_t character = 0;
        size_t n = utf8_next(text, &character);
        bool is_allowed = n == 1 && character != 0 && strchr(allowed, (int)character) != NULL;
        if (n == 0 || (is_control(character) && !is_allowed))
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
