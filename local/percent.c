#include "local/percent.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte of an escape "%41" at p; 0 if it is none. */
static char escaped(const char *p, const char *end)
{
    if (end - p < 3)
        return '\0';
    int high = hex_value(p[1]);
    int low = hex_value(p[2]);
    return (char)(high < 0 || low < 0 ? 0 : high * 16 + low);
}

bool percent_decode(struct str s, char *out, size_t room, struct str *ret)
{
    const char *end = s.p + s.n;
    size_t n = 0;
    for (const char *p = s.p; p < end; p++) {
        char byte = *p;
        if (byte == '%') {
            byte = escaped(p, end);
            p += 2;
        }
        if (byte == '\0' || n == room)
            return false;
        out[n++] = byte;
    }
    *ret = (struct str){out, n};
    return true;
}
