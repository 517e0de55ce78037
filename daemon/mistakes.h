/* What is wrong with a configuration file: all of it, in the order of its lines. */
#ifndef DAEMON_MISTAKES_H
#define DAEMON_MISTAKES_H

#include "base/buf.h"
#include "base/why.h"

#define MISTAKES_MAX 100 /* more are counted, not kept */

struct mistake {
    size_t line; /* from 1; 0: none in particular */
    struct why why;
};

struct mistakes {
    struct mistake *items;
    size_t count; /* kept */
    size_t total; /* found */
};

void mistakes_init(struct mistakes *mistakes);
void mistakes_fini(struct mistakes *mistakes);

/* key is the path of the key, "" where none applies. */
void mistakes_add(struct mistakes *mistakes, size_t line, const char *key, const char *format, ...)
    printf_like(4, 5);

/* One line of text for each: "file:line: key: problem". */
void mistakes_write(struct mistakes *mistakes, const char *file, struct buf *out);

#endif
