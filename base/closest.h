/* Of the names that are known, the one most like a mistyped word: for "did you mean". */
#ifndef BASE_CLOSEST_H
#define BASE_CLOSEST_H

#include "base/str.h"

struct closest {
    struct str word;
    const char *name; /* NULL: none is close */
    size_t distance;
};

struct closest closest_to(struct str word);
void closest_try(struct closest *closest, const char *name);

#endif
