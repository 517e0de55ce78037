/* Unicode general categories over whole texts. utf8proc stays behind this header. Texts must be
 * valid UTF-8; each answer is the one of the service model's regular expression beside it. */
#ifndef JOBS_TEXT_H
#define JOBS_TEXT_H

#include "base/str.h"

/* [^\p{C}]+ - no control, format, surrogate or private-use characters, and not empty. Unassigned
 * characters pass: which those are changes with every version of Unicode. */
bool text_is_printable(struct str text);

/* ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$ - letters, separators, numbers and a few signs; may be empty. */
bool text_is_tag_key(struct str text);

#endif
