#include "base/chance.h"

#include <stdlib.h>
#include <sys/random.h>

void chance_fill(void *bytes, size_t n)
{
    char *at = bytes;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got <= 0)
            continue; /* only EINTR is possible, for requests the kernel documents as valid */
        at += got;
        n -= (size_t)got;
    }
}

uint64_t chance_below(uint64_t limit)
{
    if (limit == 0)
        return 0;
    /* Values under the remainder would favour small results: draw again. */
    uint64_t skip = (0 - limit) % limit;
    uint64_t value;
    do
        chance_fill(&value, sizeof value);
    while (value < skip);
    return value % limit;
}

void chance_hex(char *text, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    chance_fill(text, n);
    for (size_t i = 0; i < n; i++)
        text[i] = digits[text[i] & 15];
    text[n] = '\0';
}
