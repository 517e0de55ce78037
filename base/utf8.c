#include "base/utf8.h"

/* The lead byte decides the length and the bounds of the second byte (Unicode table 3-7). */
static size_t shape_of(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (lead == 0xe0)
            *low = 0xa0;
        if (lead == 0xed)
            *high = 0x9f;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (lead == 0xf0)
            *low = 0x90;
        if (lead == 0xf4)
            *high = 0x8f;
        return 4;
    }
    return 0;
}

size_t utf8_next(struct str s, uint32_t *ret_char)
{
    if (s.n == 0)
        return 0;
    const unsigned char *p = (const unsigned char *)s.p;
    if (p[0] < 0x80) {
        *ret_char = p[0];
        return 1;
    }
    unsigned char low;
    unsigned char high;
    size_t length = shape_of(p[0], &low, &high);
    if (length == 0 || s.n < length || p[1] < low || p[1] > high)
        return 0;
    uint32_t c = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    *ret_char = c;
    return length;
}

bool utf8_is_valid(struct str s)
{
    while (s.n > 0) {
        uint32_t c;
        size_t length = (unsigned char)s.p[0] < 0x80 ? 1 : utf8_next(s, &c);
        if (length == 0)
            return false;
        s.p += length;
        s.n -= length;
    }
    return true;
}

bool utf8_is_printable(struct str s)
{
    while (s.n > 0) {
        uint32_t c;
        size_t length = utf8_next(s, &c);
        if (length == 0 || utf8_is_control(c))
            return false;
        s.p += length;
        s.n -= length;
    }
    return true;
}

size_t utf8_length(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return count;
}
