/*
 * Test vectors: tests/vectors/topics/<rule>/<any name>.txt, one case a line,
 *
 *     subject accept | input | expected...
 *     subject refuse | input | field | words of the reason
 *
 * Blanks around the columns do not count; '-' alone is an absent column. Lines that start with '#'
 * and empty lines are skipped. Escapes: \xNN a byte, \s a blank, \p a '|', \m a '-', \\ a
 * backslash, \(text*64) a repetition of plain text.
 */
#ifndef TOPICS_VECTORS_H
#define TOPICS_VECTORS_H

#include "base/str.h"
#include "base/why.h"

#define VECTORS_COLUMNS_MAX 6

struct vector {
    const char *path;
    int line;
    struct str rule; /* the folder's name */
    struct str subject;
    bool is_accept;
    struct str columns[VECTORS_COLUMNS_MAX]; /* absent where the line has none */
};

/* Calls visit for every case of the subject (NULL: of all) and returns how many there were. The
 * process ends with a message when a file cannot be read as described above. */
int vectors_each(const char *folder, const char *subject, void (*visit)(const struct vector *v));

/* Says which case failed and why, and ends the test that runs. */
void vectors_fail(const struct vector *v, const char *format, ...) printf_like(2, 3);

/* Fails the case unless the text contains the words, which are at least one. */
void vectors_check_words(const struct vector *v, const char *text, struct str words);

/* For a refused case: why must have the field of column at and the words of the next. For an
 * accepted one it must not have been touched. */
void vectors_check_why(const struct vector *v, const struct why *why, int at);

#endif
