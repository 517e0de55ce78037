#include "daemon/paint.h"

#include <stdlib.h>
#include <unistd.h>

/* SGR parameters, ECMA-48 8.3.117. */
static const char *const codes[] = {
    [PAINT_NONE] = "",     [PAINT_GREEN] = "32", [PAINT_RED] = "31",
    [PAINT_YELLOW] = "33", [PAINT_BLUE] = "34",  [PAINT_FAINT] = "2",
};

bool paint_is_able(int fd)
{
    const char *term = getenv("TERM");
    return term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0 && isatty(fd) == 1;
}

bool paint_is_wanted(int fd)
{
    const char *no_color = getenv("NO_COLOR"); /* no-color.org: set and not empty */
    return (no_color == NULL || no_color[0] == '\0') && paint_is_able(fd);
}

void paint_begin(struct buf *out, bool is_wanted, enum paint paint)
{
    if (is_wanted && paint != PAINT_NONE)
        buf_format(out, "\033[%sm", codes[paint]);
}

void paint_end(struct buf *out, bool is_wanted, enum paint paint)
{
    if (is_wanted && paint != PAINT_NONE)
        buf_add_text(out, "\033[0m");
}
