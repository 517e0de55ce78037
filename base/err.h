/*
 * Errors: a small set of classes that say what to do next. The human detail is in base/why.h.
 *
 * A function that can fail returns enum err; its outputs (ret_x) are untouched on failure.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

enum err {
    ERR_NONE = 0,
    ERR_INVALID,   /* the input breaks a rule: never retry */
    ERR_FULL,      /* a stated maximum is reached: later, perhaps */
    ERR_NO_MEMORY, /* allocation failed */
    ERR_IO,        /* file, disk or database failed: errno or the library's text is in why */
    ERR_DOWN,      /* the peer is not reachable now: retry */
    ERR_REFUSED,   /* the peer answered no */
    ERR_NOT_FOUND, /* no such thing */
    ERR_EXISTS,    /* there is one already */
    ERR_DAMAGED,   /* stored data is not what was written */
    ERR_COUNT
};

const char *err_name(enum err err);

#endif
