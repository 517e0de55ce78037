#include "base/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Also ends a text that snprintf cut inside a UTF-8 sequence at the last whole character. */
static void make_printable(char *text, size_t capacity)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
    if (n + 1 < capacity)
        return;
    size_t start = n;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0xc0)
        text[start - 1] = '\0';
}

enum err why_set(struct why *why, enum err err, const char *field, const char *format, ...)
{
    if (why == NULL)
        return err;
    snprintf(why->field, sizeof why->field, "%s", field != NULL ? field : "");
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    make_printable(why->field, sizeof why->field);
    make_printable(why->text, sizeof why->text);
    return err;
}

enum err why_errno(struct why *why, const char *format, ...)
{
    int code = errno;
    char subject[WHY_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(subject, sizeof subject, format, args);
    va_end(args);
    return why_set(why, ERR_IO, NULL, "%s: %s", subject, strerror(code));
}
