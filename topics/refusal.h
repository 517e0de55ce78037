/*
 * Refusals in the words AWS uses for its own validation: "1 validation error detected: Value 'a b'
 * at 'jobId' failed to satisfy constraint: Member must ...".
 */
#ifndef TOPICS_REFUSAL_H
#define TOPICS_REFUSAL_H

#include "base/str.h"
#include "base/why.h"

#define REFUSAL_VALUE_MAX 128 /* bytes of a value that are shown; a longer one ends in "..." */

/* Fills why (which may be NULL) with the field, the value and the formatted constraint. Always
 * ERR_INVALID. */
enum err refusal_set(struct why *why, const char *field, struct str value, const char *format, ...)
    printf_like(4, 5);

#endif
