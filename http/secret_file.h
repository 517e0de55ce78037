/* A whole file in memory that is wiped before it is freed. */
#ifndef HTTP_SECRET_FILE_H
#define HTTP_SECRET_FILE_H

#include "base/str.h"
#include "base/why.h"

struct secret_file {
    char *bytes;
    size_t capacity;
    struct str text;
    bool is_private; /* only its owner may do anything with it */
};

/* Regular files and the null device only, and without waiting. ERR_NOT_FOUND: it is not there;
 * ERR_INVALID: it is neither, or longer than bytes_max. */
nodiscard enum err secret_file_read(const char *path, size_t bytes_max, struct secret_file *ret,
                                    struct why *why);
void secret_file_free(struct secret_file *file); /* fine for an empty one */

#endif
