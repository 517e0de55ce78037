#include "topics/refusal.h"

#include <stdarg.h>
#include <stdio.h>

static size_t shown_bytes(struct str value)
{
    if (value.n <= REFUSAL_VALUE_MAX)
        return value.n;
    size_t n = REFUSAL_VALUE_MAX;
    while (n > 0 && ((unsigned char)value.p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

enum err refusal_set(struct why *why, const char *field, struct str value, const char *format, ...)
{
    char constraint[WHY_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(constraint, sizeof constraint, format, args);
    va_end(args);

    /* "%.*s" would end at a NUL, which is often the very thing to show. */
    char shown[REFUSAL_VALUE_MAX];
    size_t n = shown_bytes(value);
    for (size_t i = 0; i < n; i++) {
        shown[i] = value.p[i];
        if (shown[i] == '\0')
            shown[i] = '?';
    }
    return why_set(why, ERR_INVALID, field,
                   "1 validation error detected: Value '%.*s%s' at '%s' failed to satisfy "
                   "constraint: %s",
                   (int)n, shown, n < value.n ? "..." : "", field, constraint);
}
