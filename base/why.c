#include "base/why.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* A character that was cut in the middle is bytes that are not UTF-8, too. */
static void make_printable(char *text)
{
    struct str rest = str_of(text);
    while (rest.n > 0) {
        uint32_t c;
        size_t length = utf8_next(rest, &c);
        size_t step = length > 0 ? length : 1;
        if (length == 0 || utf8_is_control(c))
            memset(text, '?', step);
        text += step;
        rest = (struct str){text, rest.n - step};
    }
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
    make_printable(why->field);
    make_printable(why->text);
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
