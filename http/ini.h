/*
 * Reads AWS's INI files (shared credentials and config) item by item. Pure, allocates nothing.
 *
 *   [section]     name = value     # comment     ; comment
 *
 * A comment behind a value starts with a blank. Indented lines belong to the item above in AWS's
 * dialect and are passed over, as is a line that is neither section nor item.
 */
#ifndef HTTP_INI_H
#define HTTP_INI_H

#include "base/str.h"

struct ini {
    struct str rest;
    struct str section; /* absent before the first and behind a header that is not closed */
};

struct ini_item {
    struct str section;
    struct str name;
    struct str value;
};

struct ini ini_of(struct str text);
bool ini_next(struct ini *ini, struct ini_item *ret); /* false at the end */

#endif
