/* cmocka with the headers it wants before it, and comparisons in the words of base/. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/str.h"

#define check_str(actual, text) check_str_at((actual), (text), __FILE__, __LINE__)
#define check_has(text, part)   check_has_at((text), (part), __FILE__, __LINE__)

/* The bytes are those of the text; a NULL text asks for an absent str. */
static inline void check_str_at(struct str actual, const char *text, const char *file, int line)
{
    bool is_same =
        text == NULL ? str_is_absent(actual) : !str_is_absent(actual) && str_eq_text(actual, text);
    if (!is_same) {
        print_error("'%.*s' is not '%s'\n", STR_ARG(actual), text != NULL ? text : "(absent)");
        _fail(file, line);
    }
}

static inline void check_has_at(const char *text, const char *part, const char *file, int line)
{
    if (strstr(text, part) == NULL) {
        print_error("'%s' does not contain '%s'\n", text, part);
        _fail(file, line);
    }
}

#endif
