/*
 * Test data in tests/vectors/jobs. Values in it are JSON texts, in which <N*text> stands for N
 * copies of text, and a # in that text for the number of the copy.
 */
#ifndef TESTS_JOBS_CASES_H
#define TESTS_JOBS_CASES_H

#include "jobs/doc.h"
#include "tests/check.h"

/* The document in a file, named from tests/vectors/jobs; fails the test if it is none. */
struct doc *cases_load(const char *file);

/* Calls visit for every *.json in a folder; fails the test if there are fewer than min. */
void cases_each(const char *folder, int min, void (*visit)(const char *file, struct doc_node root));

/* value with its <N*text> written out. */
void cases_expand(struct str value, struct buf *out);

/* The folders of shapes: each file has an "input" whose "@" is replaced by every value in turn, the
 * "field" at fault, values to "accept", and to "refuse" with what is "shown" of the value and what
 * a member "must" (or the whole "text" of the refusal). check returns whether json was accepted. */
typedef bool cases_check_fn(struct str json, struct why *why);
void cases_judge(const char *folder, int min, cases_check_fn *check);

/* The string of a member, expanded, with a NUL; "" if there is none. */
const char *cases_text(struct doc_node object, const char *name, struct buf *out);

#endif
