/*
 * A view of bytes that somebody else owns. Passed by value, never NUL terminated by promise.
 * {NULL, 0} means absent; {"", 0} means present and empty.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE     ((struct str){NULL, 0})
/* For "%.*s". */
#define STR_ARG(s) (int)(s).n, ((s).p != NULL ? (s).p : "")

static inline struct str str_of(const char *text)
{
    return (struct str){text, text != NULL ? strlen(text) : 0};
}

static inline bool str_is_absent(struct str s)
{
    return s.p == NULL;
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_eq_text(struct str a, const char *text)
{
    return str_eq(a, str_of(text));
}

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_has(struct str s, char byte);
struct str str_trim(struct str s); /* without leading and trailing blanks and tabs */

/* Cuts the part before the first sep off *rest. Without one the whole rest is the part and *rest
 * becomes absent, so "while (!str_is_absent(rest))" walks every part, empty ones included. */
struct str str_cut(struct str *rest, char sep);

/* Copies s to *at, where there is room for it, and moves *at behind it. An absent s stays absent.
 */
struct str str_place(char **at, struct str s);

/* A plain decimal integer (an optional '-', digits) within [min, max]; false otherwise. */
nodiscard bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *ret);

/* A NUL-terminated copy on the heap; NULL when out of memory or when s is absent. */
nodiscard char *str_dup(struct str s);

#endif
