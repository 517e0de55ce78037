/* A directory of its own for one test, in $TMPDIR or /tmp, removed with what is in it. */
#ifndef TESTS_LOCAL_SCRATCH_H
#define TESTS_LOCAL_SCRATCH_H

struct scratch {
    char path[96];
};

void scratch_init(struct scratch *scratch);
void scratch_fini(struct scratch *scratch); /* files only, no directories within */

/* "<directory>/<name>", valid until the next call but three. */
const char *scratch_file(const struct scratch *scratch, const char *name);

/* The whole file as text, valid until the next call; NULL when there is none. */
const char *scratch_read(const char *path);
void scratch_write(const char *path, const char *text);

#endif
