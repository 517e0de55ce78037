/*
 * Growable bytes with a mandatory maximum. Appends never return an error: the first that does not
 * fit or cannot be allocated leaves the buffer failed, later ones do nothing, and the writer asks
 * buf_err once at the end. The bytes are not NUL terminated unless buf_text is asked.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct buf {
    char *p;
    size_t n;
    size_t capacity;
    size_t max; /* bytes it may hold */
    enum err err;
};

void buf_init(struct buf *buf, size_t max);
void buf_fini(struct buf *buf);
void buf_clear(struct buf *buf); /* empties it and forgives a failure; keeps the memory */

void buf_add(struct buf *buf, struct str bytes);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_int(struct buf *buf, int64_t value);
void buf_format(struct buf *buf, const char *format, ...) printf_like(2, 3);

/* Room for n more bytes to be written at the returned place, then buf_added; NULL if it fails. */
nodiscard char *buf_reserve(struct buf *buf, size_t n);
void buf_added(struct buf *buf, size_t n);
void buf_drop_front(struct buf *buf, size_t n);

void buf_grow_byte(struct buf *buf, char byte);
/* A message is written in many single bytes, so that most of them cost no call. */
static inline void buf_add_byte(struct buf *buf, char byte)
{
    bool has_room = buf->n + 1 < buf->capacity && buf->n < buf->max && buf->err == ERR_NONE;
    if (has_room)
        buf->p[buf->n++] = byte;
    else
        buf_grow_byte(buf, byte);
}

nodiscard enum err buf_err(const struct buf *buf); /* ERR_FULL, ERR_NO_MEMORY or ERR_NONE */
struct str buf_str(const struct buf *buf);         /* valid until the next change */
const char *buf_text(struct buf *buf);             /* the same with a NUL; "" when failed */

#endif
