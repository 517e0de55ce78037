/* Prints every code point that text_is_printable refuses, for unprintable.py to compare. */
#include "jobs/text.h"

#include <stdio.h>

static struct str encode(uint32_t c, char bytes[static 4])
{
    if (c < 0x80) {
        bytes[0] = (char)c;
        return (struct str){bytes, 1};
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)((0xf00 >> n & 0xff) | c);
    return (struct str){bytes, n};
}

int main(void)
{
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        char bytes[4];
        if (!text_is_printable(encode(c, bytes)))
            printf("%x\n", (unsigned)c);
    }
    return 0;
}
