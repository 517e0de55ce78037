#include "http/canonical.h"

#include <stdlib.h>
#include <strings.h>

struct pair {
    struct str name;
    struct str value;
};

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

static void encode_byte(char c, struct buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    if (is_unreserved(c)) {
        buf_add_byte(out, c);
        return;
    }
    const char escape[3] = {'%', digits[(unsigned char)c >> 4], digits[(unsigned char)c & 15]};
    buf_add(out, (struct str){escape, sizeof escape});
}

void canonical_encode(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        encode_byte(s.p[i], out);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes before it encodes, so that %7e, %7E and ~ come out alike. */
static struct str add_encoded_again(struct str s, struct buf *out)
{
    size_t start = out->n;
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex_value(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex_value(s.p[i + 2]) : -1;
        if (low < 0) {
            encode_byte(s.p[i], out);
            continue;
        }
        encode_byte((char)(high << 4 | low), out);
        i += 2;
    }
    return (struct str){out->p + start, out->n - start};
}

/* Everything since the last slash, and that slash. */
static void drop_segment(struct buf *out, size_t start)
{
    while (out->n > start && out->p[out->n - 1] != '/')
        out->n--;
    if (out->n > start)
        out->n--;
}

static void add_path(struct str path, struct buf *out)
{
    size_t start = out->n;
    struct str rest = path;
    while (!str_is_absent(rest)) {
        struct str segment = str_cut(&rest, '/');
        if (segment.n == 0 || str_eq_text(segment, "."))
            continue;
        if (str_eq_text(segment, "..")) {
            drop_segment(out, start);
            continue;
        }
        buf_add_byte(out, '/');
        canonical_encode(segment, out);
    }
    if (out->n == start || str_ends(path, STR("/")))
        buf_add_byte(out, '/');
}

static int compare(struct str a, struct str b)
{
    size_t shorter = a.n < b.n ? a.n : b.n;
    int order = shorter > 0 ? memcmp(a.p, b.p, shorter) : 0;
    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *left = a;
    const struct pair *right = b;
    int order = compare(left->name, right->name);
    return order != 0 ? order : compare(left->value, right->value);
}

/* The views point into scratch, which has room for all of it and so does not move. */
static enum err read_pairs(struct str query, struct buf *scratch, struct pair *pairs, size_t *ret)
{
    size_t count = 0;
    while (!str_is_absent(query)) {
        struct str value = str_cut(&query, '&');
        if (value.n == 0)
            continue;
        if (count == CANONICAL_PAIRS_MAX)
            return ERR_FULL;
        struct str name = str_cut(&value, '=');
        pairs[count].name = add_encoded_again(name, scratch);
        pairs[count].value = add_encoded_again(value, scratch);
        count++;
    }
    *ret = count;
    return ERR_NONE;
}

static enum err add_query(struct str query, struct buf *out)
{
    if (query.n == 0)
        return ERR_NONE;
    struct pair pairs[CANONICAL_PAIRS_MAX];
    size_t count = 0;
    struct buf scratch;
    buf_init(&scratch, 3 * query.n);
    enum err err = ERR_NO_MEMORY;
    if (buf_reserve(&scratch, 3 * query.n) != NULL)
        err = read_pairs(query, &scratch, pairs, &count);
    if (err == ERR_NONE) {
        qsort(pairs, count, sizeof pairs[0], compare_pairs);
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                buf_add_byte(out, '&');
            buf_add(out, pairs[i].name);
            buf_add_byte(out, '=');
            buf_add(out, pairs[i].value);
        }
    }
    buf_fini(&scratch);
    return err;
}

static int compare_names(struct str a, struct str b)
{
    int order = strncasecmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

void canonical_sort(struct canonical_header *headers, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct canonical_header header = headers[i];
        size_t at = i;
        for (; at > 0 && compare_names(headers[at - 1].name, header.name) > 0; at--)
            headers[at] = headers[at - 1];
        headers[at] = header;
    }
}

static bool repeats(const struct canonical_header *headers, size_t i)
{
    return i > 0 && compare_names(headers[i - 1].name, headers[i].name) == 0;
}

static void add_lower(struct str name, struct buf *out)
{
    for (size_t i = 0; i < name.n; i++) {
        bool is_upper = name.p[i] >= 'A' && name.p[i] <= 'Z';
        buf_add_byte(out, (char)(is_upper ? name.p[i] + 'a' - 'A' : name.p[i]));
    }
}

static void add_collapsed(struct str value, struct buf *out)
{
    value = str_trim(value);
    bool after_blank = false;
    for (size_t i = 0; i < value.n; i++) {
        bool is_blank = value.p[i] == ' ' || value.p[i] == '\t';
        if (!is_blank)
            buf_add_byte(out, value.p[i]);
        else if (!after_blank)
            buf_add_byte(out, ' ');
        after_blank = is_blank;
    }
}

static void add_headers(const struct canonical_header *headers, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (repeats(headers, i)) {
            buf_add_byte(out, ',');
        } else {
            if (i > 0)
                buf_add_byte(out, '\n');
            add_lower(headers[i].name, out);
            buf_add_byte(out, ':');
        }
        add_collapsed(headers[i].value, out);
    }
    buf_add_byte(out, '\n');
}

void canonical_names(const struct canonical_header *headers, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (repeats(headers, i))
            continue;
        if (i > 0)
            buf_add_byte(out, ';');
        add_lower(headers[i].name, out);
    }
}

enum err canonical_request(const struct canonical_input *input, struct buf *out)
{
    if (input->header_count > CANONICAL_HEADERS_MAX)
        return ERR_FULL;
    buf_add(out, input->method);
    buf_add_byte(out, '\n');
    add_path(input->path, out);
    buf_add_byte(out, '\n');
    enum err err = add_query(input->query, out);
    if (err != ERR_NONE)
        return err;
    buf_add_byte(out, '\n');
    add_headers(input->headers, input->header_count, out);
    buf_add_byte(out, '\n');
    canonical_names(input->headers, input->header_count, out);
    buf_add_byte(out, '\n');
    buf_add(out, input->payload_hash);
    return buf_err(out);
}
