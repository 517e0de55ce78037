#include "http/ini.h"

struct ini ini_of(struct str text)
{
    const struct str mark = STR("\xef\xbb\xbf");
    if (str_starts(text, mark))
        text = (struct str){text.p + mark.n, text.n - mark.n};
    return (struct ini){.rest = text};
}

static struct str without_comment(struct str line)
{
    for (size_t i = 0; i < line.n; i++) {
        bool is_mark = line.p[i] == '#' || line.p[i] == ';';
        if (is_mark && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
            return (struct str){line.p, i};
    }
    return line;
}

static struct str cut_line(struct str *rest)
{
    struct str line = str_cut(rest, '\n');
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

static bool is_indented(struct str line)
{
    return line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

bool ini_next(struct ini *ini, struct ini_item *ret)
{
    while (!str_is_absent(ini->rest)) {
        struct str line = cut_line(&ini->rest);
        if (is_indented(line))
            continue;
        struct str value = str_trim(without_comment(line));
        if (str_starts(value, STR("["))) {
            bool is_closed = str_ends(value, STR("]"));
            ini->section = is_closed ? str_trim((struct str){value.p + 1, value.n - 2}) : STR_NONE;
            continue;
        }
        if (!str_has(value, '='))
            continue;
        struct str name = str_trim(str_cut(&value, '='));
        *ret = (struct ini_item){ini->section, name, str_trim(value)};
        return true;
    }
    return false;
}
