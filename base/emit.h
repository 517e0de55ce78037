/*
 * Writes JSON into a buf, without a tree. The caller names keys in objects and passes NULL as key
 * in arrays; commas are placed here. An absent str leaves its member out. Strings must be valid
 * UTF-8; they are escaped as RFC 8259 asks and otherwise written raw.
 */
#ifndef BASE_EMIT_H
#define BASE_EMIT_H

#include "base/buf.h"

struct emit {
    struct buf *out;
    bool needs_comma;
};

struct emit emit_to(struct buf *out);

void emit_object(struct emit *emit, const char *key); /* opens; close with emit_object_end */
void emit_object_end(struct emit *emit);
void emit_array(struct emit *emit, const char *key);
void emit_array_end(struct emit *emit);

void emit_str(struct emit *emit, const char *key, struct str value);
void emit_text(struct emit *emit, const char *key, const char *value); /* NULL: left out */
void emit_int(struct emit *emit, const char *key, int64_t value);
void emit_bool(struct emit *emit, const char *key, bool value);
void emit_raw(struct emit *emit, const char *key, struct str json); /* one JSON value as it is */

#endif
