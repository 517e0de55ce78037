#include "daemon/mistakes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void mistakes_init(struct mistakes *mistakes)
{
    *mistakes = (struct mistakes){0};
}

void mistakes_fini(struct mistakes *mistakes)
{
    free(mistakes->items);
    mistakes_init(mistakes);
}

/* Where the next mistake of this line goes: behind those of earlier lines and of the same. */
static struct mistake *make_place(struct mistakes *mistakes, size_t line)
{
    if (mistakes->items == NULL)
        mistakes->items = calloc(MISTAKES_MAX, sizeof *mistakes->items);
    if (mistakes->items == NULL || mistakes->count == MISTAKES_MAX)
        return NULL;
    size_t at = mistakes->count++;
    for (; at > 0 && mistakes->items[at - 1].line > line; at--)
        mistakes->items[at] = mistakes->items[at - 1];
    return &mistakes->items[at];
}

void mistakes_add(struct mistakes *mistakes, size_t line, const char *key, const char *format, ...)
{
    char text[WHY_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    mistakes->total++;
    struct mistake *mistake = make_place(mistakes, line);
    if (mistake == NULL)
        return;
    mistake->line = line;
    why_set(&mistake->why, ERR_INVALID, key, "%s", text);
}

void mistakes_write(struct mistakes *mistakes, const char *file, struct buf *out)
{
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct mistake *mistake = &mistakes->items[i];
        buf_add_text(out, file);
        if (mistake->line > 0)
            buf_format(out, ":%zu", mistake->line);
        if (mistake->why.field[0] != '\0')
            buf_format(out, ": %s", mistake->why.field);
        buf_format(out, ": %s\n", mistake->why.text);
    }
    if (mistakes->total > mistakes->count)
        buf_format(out, "%s: and %zu more\n", file, mistakes->total - mistakes->count);
}
