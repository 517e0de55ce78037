/* Copies of what views point to, in one buffer: so that a row read need not stay open. */
#ifndef STORE_KEEP_H
#define STORE_KEEP_H

#include "base/buf.h"
#include "base/why.h"

/* Makes each view one of bytes in to, which is emptied first. Absent ones stay absent. */
nodiscard enum err keep_texts(struct buf *to, struct str *const *texts, size_t count,
                              struct why *why);

#endif
