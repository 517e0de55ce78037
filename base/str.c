#include "base/str.h"

#include <stdlib.h>

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    if (suffix.n == 0)
        return true;
    return s.n >= suffix.n && memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0;
}

bool str_has(struct str s, char byte)
{
    return s.n > 0 && memchr(s.p, byte, s.n) != NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_cut(struct str *rest, char sep)
{
    const char *at = rest->n > 0 ? memchr(rest->p, sep, rest->n) : NULL;
    if (at == NULL) {
        struct str whole = *rest;
        *rest = STR_NONE;
        return whole;
    }
    struct str part = {rest->p, (size_t)(at - rest->p)};
    rest->n -= part.n + 1;
    rest->p = at + 1;
    return part;
}

struct str str_place(char **at, struct str s)
{
    if (str_is_absent(s))
        return STR_NONE;
    struct str copy = {*at, s.n};
    if (s.n > 0)
        memcpy(*at, s.p, s.n);
    *at += s.n;
    return copy;
}

bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *ret)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    size_t at = negative ? 1 : 0;
    if (at == s.n)
        return false;
    int64_t value = 0; /* kept at or below zero, where the range is one wider */
    for (; at < s.n; at++) {
        if (s.p[at] < '0' || s.p[at] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, s.p[at] - '0', &value))
            return false;
    }
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    if (value < min || value > max)
        return false;
    *ret = value;
    return true;
}

char *str_dup(struct str s)
{
    if (s.p == NULL)
        return NULL;
    char *copy = malloc(s.n + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return copy;
}
