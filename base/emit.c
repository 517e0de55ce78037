#include "base/emit.h"

#include <limits.h>

struct emit emit_to(struct buf *out)
{
    return (struct emit){.out = out};
}

/* What RFC 8259 asks to escape: control characters, the quote and the backslash. */
static const bool is_escaped[UCHAR_MAX + 1] = {[0 ... 0x1f] = true, ['"'] = true, ['\\'] = true};

static void add_quoted(struct buf *out, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    buf_add_byte(out, '"');
    size_t start = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (!is_escaped[c])
            continue;
        buf_add(out, (struct str){s.p + start, i - start});
        start = i + 1;
        if (c == '"' || c == '\\') {
            buf_add(out, (struct str){(char[]){'\\', (char)c}, 2});
        } else if (c == '\n') {
            buf_add(out, STR("\\n"));
        } else {
            buf_add(out, (struct str){(char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6});
        }
    }
    buf_add(out, (struct str){s.p + start, s.n - start});
    buf_add_byte(out, '"');
}

static void start_value(struct emit *emit, const char *key)
{
    if (emit->needs_comma)
        buf_add_byte(emit->out, ',');
    emit->needs_comma = true;
    if (key != NULL) {
        add_quoted(emit->out, str_of(key));
        buf_add_byte(emit->out, ':');
    }
}

static void open_with(struct emit *emit, const char *key, char bracket)
{
    start_value(emit, key);
    buf_add_byte(emit->out, bracket);
    emit->needs_comma = false;
}

static void close_with(struct emit *emit, char bracket)
{
    buf_add_byte(emit->out, bracket);
    emit->needs_comma = true;
}

void emit_object(struct emit *emit, const char *key)
{
    open_with(emit, key, '{');
}

void emit_object_end(struct emit *emit)
{
    close_with(emit, '}');
}

void emit_array(struct emit *emit, const char *key)
{
    open_with(emit, key, '[');
}

void emit_array_end(struct emit *emit)
{
    close_with(emit, ']');
}

void emit_str(struct emit *emit, const char *key, struct str value)
{
    if (str_is_absent(value))
        return;
    start_value(emit, key);
    add_quoted(emit->out, value);
}

void emit_text(struct emit *emit, const char *key, const char *value)
{
    emit_str(emit, key, str_of(value));
}

void emit_int(struct emit *emit, const char *key, int64_t value)
{
    start_value(emit, key);
    buf_add_int(emit->out, value);
}

void emit_bool(struct emit *emit, const char *key, bool value)
{
    start_value(emit, key);
    buf_add_text(emit->out, value ? "true" : "false");
}

void emit_raw(struct emit *emit, const char *key, struct str json)
{
    if (str_is_absent(json))
        return;
    start_value(emit, key);
    buf_add(emit->out, json);
}
