/*
 * Why something failed, for the person who will read it. Owned by the caller, who may pass NULL
 * where nobody will.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

#include "base/err.h"

#define WHY_FIELD_MAX 160
#define WHY_TEXT_MAX  512

struct why {
    char field[WHY_FIELD_MAX]; /* path of the member or key at fault, "" where none applies */
    char text[WHY_TEXT_MAX];
};

/* Fills why (which may be NULL) and returns err, so that a failure is one return statement.
 * field may be NULL. Control characters and bytes that are not UTF-8 are replaced by '?', so both
 * are safe in a log and in JSON. */
enum err why_set(struct why *why, enum err err, const char *field, const char *format, ...)
    printf_like(4, 5);

/* ERR_IO with the text of errno behind the formatted subject. */
nodiscard enum err why_errno(struct why *why, const char *format, ...) printf_like(2, 3);

#endif
