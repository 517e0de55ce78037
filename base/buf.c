#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_fini(struct buf *buf)
{
    free(buf->p);
    *buf = (struct buf){.max = buf->max};
}

void buf_clear(struct buf *buf)
{
    buf->n = 0;
    buf->err = ERR_NONE;
}

/* Capacity for n more bytes and a NUL. */
static bool grow(struct buf *buf, size_t n)
{
    if (buf->err != ERR_NONE)
        return false;
    if (n > buf->max - buf->n) {
        buf->err = ERR_FULL;
        return false;
    }
    size_t need = buf->n + n + 1;
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;
    while (capacity < need)
        capacity *= 2;
    char *p = realloc(buf->p, capacity);
    if (p == NULL) {
        buf->err = ERR_NO_MEMORY;
        return false;
    }
    buf->p = p;
    buf->capacity = capacity;
    return true;
}

void buf_add(struct buf *buf, struct str bytes)
{
    if (bytes.n == 0 || !grow(buf, bytes.n))
        return;
    memcpy(buf->p + buf->n, bytes.p, bytes.n);
    buf->n += bytes.n;
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, str_of(text));
}

void buf_grow_byte(struct buf *buf, char byte)
{
    buf_add(buf, (struct str){&byte, 1});
}

void buf_add_int(struct buf *buf, int64_t value)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--at = '-';
    buf_add(buf, (struct str){at, (size_t)(digits + sizeof digits - at)});
}

void buf_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n > 0 && grow(buf, (size_t)n)) {
        vsnprintf(buf->p + buf->n, (size_t)n + 1, format, again);
        buf->n += (size_t)n;
    }
    va_end(again);
}

char *buf_reserve(struct buf *buf, size_t n)
{
    return grow(buf, n) ? buf->p + buf->n : NULL;
}

void buf_added(struct buf *buf, size_t n)
{
    buf->n += n;
}

void buf_drop_front(struct buf *buf, size_t n)
{
    if (n == 0)
        return;
    memmove(buf->p, buf->p + n, buf->n - n);
    buf->n -= n;
}

enum err buf_err(const struct buf *buf)
{
    return buf->err;
}

struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->p != NULL ? buf->p : "", buf->n};
}

const char *buf_text(struct buf *buf)
{
    if (!grow(buf, 0))
        return "";
    buf->p[buf->n] = '\0';
    return buf->p;
}
