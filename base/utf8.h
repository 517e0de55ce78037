/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/str.h"

/* Bytes of the well-formed character at the start of s, and the character; 0 if there is none. */
size_t utf8_next(struct str s, uint32_t *ret_char);

bool utf8_is_valid(struct str s);

/* C0, DEL and C1. */
static inline bool utf8_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/* Valid and without control characters: safe in a log, in a terminal and in JSON. */
bool utf8_is_printable(struct str s);

/* Characters in s, which must be valid. */
size_t utf8_length(struct str s);

#endif
