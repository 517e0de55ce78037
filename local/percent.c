#include "local/percent.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte of an escape "%41" at the start of s; 0 if it is none. */
static char escaped(struct str s)
{
    if (s.n < 3)
        return '\0';
    int high = hex_value(s.p[1]);
    int low = hex_value(s.p[2]);
    return (char)(high < 0 || low < 0 ? 0 : high * 16 + low);
}

bool percent_decode(struct str s, char *out, size_t room, struct str *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char byte = s.p[i];
        if (byte == '%') {
            byte = escaped((struct str){s.p + i, s.n - i});
            i += 2;
        }
        if (byte == '\0' || n == room)
            return false;
        out[n++] = byte;
    }
    *ret = (struct str){out, n};
    return true;
}
