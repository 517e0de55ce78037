/*
 * What every fuzz_<name>.c defines, and what several of them need. Anything but a return of
 * LLVMFuzzerTestOneInput is a finding.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "base/why.h"
#include "tests/local/scratch.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Cuts the part before the line off *rest, which becomes absent where the line is not there. */
struct str fuzz_cut(struct str *rest, const char *line);

/* A text for people: it says something, in UTF-8 and without control characters. */
void fuzz_check_line(struct str text);
void fuzz_check_why(const struct why *why);

/* The path of a file in memory that holds the bytes, until the next call for that slot. */
#define FUZZ_FILES 2
const char *fuzz_file(unsigned slot, struct str bytes);

/* A folder that lasts as long as the process. */
const struct scratch *fuzz_folder(void);

#endif
