#include "jobs/pattern.h"

#include "jobs/text.h"

static bool is_upper_or_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_id_byte(char c)
{
    return is_upper_or_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

static bool is_thing_byte(char c)
{
    return is_id_byte(c) || c == ':';
}

static bool is_reason_byte(char c)
{
    return is_upper_or_digit(c) || c == '_';
}

static bool is_visible_byte(char c)
{
    return c >= '!' && c <= '~';
}

/* One or more. */
static bool some(struct str s, bool (*test)(char c))
{
    for (size_t i = 0; i < s.n; i++)
        if (!test(s.p[i]))
            return false;
    return s.n > 0;
}

static bool is_id(struct str s)
{
    return some(s, is_id_byte);
}

static bool is_thing_name(struct str s)
{
    return some(s, is_thing_byte);
}

static bool is_reason_code(struct str s)
{
    return some(s, is_reason_byte);
}

static bool is_arn(struct str s)
{
    return str_starts(s, STR("arn:")) && some((struct str){s.p + 4, s.n - 4}, is_visible_byte);
}

const struct pattern pattern_id = {"[a-zA-Z0-9_-]+", is_id};
const struct pattern pattern_thing_name = {"[a-zA-Z0-9:_-]+", is_thing_name};
const struct pattern pattern_printable = {"[^\\p{C}]+", text_is_printable};
const struct pattern pattern_reason_code = {"[\\p{Upper}\\p{Digit}_]+", is_reason_code};
const struct pattern pattern_arn = {"^arn:[!-~]+$", is_arn};
const struct pattern pattern_tag_key = {"^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$", text_is_tag_key};
