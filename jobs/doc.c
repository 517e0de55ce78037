#include "jobs/doc.h"

#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

/* A struct doc and the p of a struct doc_node are jansson's json_t, under names that keep its
 * header in this file. */
static json_t *json_of(struct doc_node node)
{
    return (json_t *)node.p;
}

/* While it reads a token, jansson goes on when an allocation fails, with bytes missing from the
 * token; so the failure is noted where it happens. The allocator of jansson is process wide: it is
 * set before main, when there are no threads yet. */
static _Thread_local bool has_allocation_failed;

static void *allocate(size_t n)
{
    void *p = malloc(n);
    has_allocation_failed |= p == NULL;
    return p;
}

/* Wiped, since credentials come as JSON, too, and are copied as it is read. */
static void release(void *p)
{
    if (p != NULL)
        explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

__attribute__((constructor)) static void set_allocator(void)
{
    json_set_alloc_funcs(allocate, release);
}

struct place {
    size_t line;
    size_t column; /* in characters, as jansson counts */
};

static struct place place_of(struct str json, size_t at)
{
    struct place place = {.line = 1, .column = 1};
    for (size_t i = 0; i < at; i++) {
        place.column += ((unsigned char)json.p[i] & 0xc0) != 0x80;
        if (json.p[i] == '\n')
            place = (struct place){.line = place.line + 1, .column = 1};
    }
    return place;
}

/* Where nesting first goes beyond DOC_DEPTH_MAX, or json.n. Runs before the parser, which
 * recurses. */
static size_t find_too_deep(struct str json)
{
    int depth = 0;
    bool is_in_string = false;
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];
        if (c == '"')
            is_in_string = !is_in_string;
        else if (is_in_string && c == '\\')
            i++;
        else if (!is_in_string && (c == '{' || c == '[') && ++depth > DOC_DEPTH_MAX)
            return i;
        else if (!is_in_string && (c == '}' || c == ']'))
            depth--;
    }
    return json.n;
}

static bool is_escaped(struct str json, size_t at)
{
    size_t start = at;
    while (start > 0 && json.p[start - 1] == '\\')
        start--;
    return (at - start) % 2 == 1;
}

/* The key, without quotes, that ends just before end. */
static struct str key_before(struct str json, size_t end)
{
    size_t last = end - 1; /* the closing quote */
    size_t first = last - 1;
    while (first > 0 && (json.p[first] != '"' || is_escaped(json, first)))
        first--;
    return (struct str){json.p + first + 1, last - first - 1};
}

static enum err explain_duplicate(struct str json, size_t end, struct why *why)
{
    struct str key = key_before(json, end);
    struct place place = place_of(json, end - key.n - 2);
    char name[WHY_FIELD_MAX];
    snprintf(name, sizeof name, "%.*s", STR_ARG(key));
    return why_set(why, ERR_INVALID, name, "line %zu, column %zu: duplicate member '%s'",
                   place.line, place.column, name);
}

static enum err explain(struct str json, const json_error_t *error, struct why *why)
{
    enum json_error_code code = json_error_code(error);
    if (code == json_error_duplicate_key)
        return explain_duplicate(json, (size_t)error->position, why);
    bool has_nul = code == json_error_null_character || code == json_error_null_byte_in_key;
    return why_set(why, ERR_INVALID, NULL, "line %d, column %d: %s", error->line, error->column,
                   has_nul ? "NUL in a string" : error->text);
}

enum err doc_parse(struct str json, size_t bytes_max, struct doc **ret, struct why *why)
{
    if (json.n > bytes_max)
        return why_set(why, ERR_INVALID, NULL, "%zu bytes, at most %zu are taken", json.n,
                       bytes_max);
    size_t too_deep = find_too_deep(json);
    if (too_deep < json.n) {
        struct place place = place_of(json, too_deep);
        return why_set(why, ERR_INVALID, NULL, "line %zu, column %zu: nested deeper than %d levels",
                       place.line, place.column, DOC_DEPTH_MAX);
    }
    json_error_t error;
    has_allocation_failed = false;
    json_t *root = json_loadb(json.p != NULL ? json.p : "", json.n,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (has_allocation_failed) {
        json_decref(root);
        return why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
    }
    if (root == NULL)
        return explain(json, &error, why);
    *ret = (struct doc *)root;
    return ERR_NONE;
}

void doc_free(struct doc *doc)
{
    json_decref((json_t *)doc);
}

struct doc_node doc_root(const struct doc *doc)
{
    return (struct doc_node){doc};
}

enum doc_kind doc_kind_of(struct doc_node node)
{
    static const enum doc_kind kinds[] = {
        [JSON_OBJECT] = DOC_OBJECT,   [JSON_ARRAY] = DOC_ARRAY, [JSON_STRING] = DOC_STRING,
        [JSON_INTEGER] = DOC_INTEGER, [JSON_REAL] = DOC_REAL,   [JSON_TRUE] = DOC_BOOL,
        [JSON_FALSE] = DOC_BOOL,      [JSON_NULL] = DOC_NULL,
    };
    return node.p == NULL ? DOC_ABSENT : kinds[json_typeof(json_of(node))];
}

const char *doc_kind_name(enum doc_kind kind)
{
    static const char *const names[] = {
        [DOC_ABSENT] = "absent",   [DOC_NULL] = "null",     [DOC_BOOL] = "boolean",
        [DOC_INTEGER] = "integer", [DOC_REAL] = "real",     [DOC_STRING] = "string",
        [DOC_ARRAY] = "array",     [DOC_OBJECT] = "object",
    };
    return names[kind];
}

struct doc_node doc_member(struct doc_node object, const char *name)
{
    return (struct doc_node){json_object_get(json_of(object), name)};
}

size_t doc_count(struct doc_node array_or_object)
{
    const json_t *json = json_of(array_or_object);
    return json_is_object(json) ? json_object_size(json) : json_array_size(json);
}

struct doc_node doc_item(struct doc_node array, size_t index)
{
    return (struct doc_node){json_array_get(json_of(array), index)};
}

struct str doc_str(struct doc_node string)
{
    const json_t *json = json_of(string);
    return (struct str){json_string_value(json), json_string_length(json)};
}

int64_t doc_int(struct doc_node integer)
{
    return json_integer_value(json_of(integer));
}

double doc_real(struct doc_node integer_or_real)
{
    return json_number_value(json_of(integer_or_real));
}

bool doc_bool(struct doc_node boolean)
{
    return json_is_true(json_of(boolean));
}

static struct doc_walk walk_at(void *iter)
{
    if (iter == NULL)
        return (struct doc_walk){0};
    return (struct doc_walk){
        .p = iter,
        .key = {json_object_iter_key(iter), json_object_iter_key_len(iter)},
        .value = {json_object_iter_value(iter)},
    };
}

struct doc_walk doc_walk_start(struct doc_node object)
{
    return walk_at(json_object_iter(json_of(object)));
}

void doc_walk_next(struct doc_node object, struct doc_walk *walk)
{
    *walk = walk_at(json_object_iter_next(json_of(object), walk->p));
}

static bool has_equal_items(struct doc_node a, struct doc_node b)
{
    for (size_t i = 0; i < doc_count(a); i++)
        if (!doc_equal(doc_item(a, i), doc_item(b, i)))
            return false;
    return true;
}

static bool has_equal_members(struct doc_node a, struct doc_node b)
{
    for (struct doc_walk at = doc_walk_start(a); at.p != NULL; doc_walk_next(a, &at))
        if (!doc_equal(at.value, doc_member(b, at.key.p)))
            return false;
    return true;
}

/* Recurses no deeper than a document is parsed. */
bool doc_equal(struct doc_node a, struct doc_node b)
{
    enum doc_kind kind = doc_kind_of(a);
    enum doc_kind other = doc_kind_of(b);
    if ((kind == DOC_INTEGER && other == DOC_REAL) || (kind == DOC_REAL && other == DOC_INTEGER))
        return doc_real(a) == doc_real(b);
    if (kind != other || kind == DOC_ABSENT)
        return false;
    if (kind == DOC_ARRAY)
        return doc_count(a) == doc_count(b) && has_equal_items(a, b);
    if (kind == DOC_OBJECT)
        return doc_count(a) == doc_count(b) && has_equal_members(a, b);
    return json_equal(json_of(a), json_of(b)) == 1;
}

/* 15 significant digits carry every decimal that a person wrote; 17 carry every double. What looks
 * like an integer gets a ".0", so that it is read back as a real. */
static void write_real(struct emit *emit, const char *key, double value)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text - 2, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    if (text[strspn(text, "-0123456789")] == '\0')
        memcpy(text + strlen(text), ".0", 3);
    emit_raw(emit, key, str_of(text));
}

static void write_object(struct emit *emit, const char *key, struct doc_node object);
static void write_array(struct emit *emit, const char *key, struct doc_node array);

/* Recurses at most DOC_DEPTH_MAX deep. */
void doc_emit(struct emit *emit, const char *key, struct doc_node node)
{
    switch (doc_kind_of(node)) {
    case DOC_ABSENT:
        break;
    case DOC_NULL:
        emit_raw(emit, key, STR("null"));
        break;
    case DOC_BOOL:
        emit_bool(emit, key, doc_bool(node));
        break;
    case DOC_INTEGER:
        emit_int(emit, key, doc_int(node));
        break;
    case DOC_REAL:
        write_real(emit, key, doc_real(node));
        break;
    case DOC_STRING:
        emit_str(emit, key, doc_str(node));
        break;
    case DOC_ARRAY:
        write_array(emit, key, node);
        break;
    case DOC_OBJECT:
        write_object(emit, key, node);
        break;
    }
}

static void write_object(struct emit *emit, const char *key, struct doc_node object)
{
    emit_object(emit, key);
    for (struct doc_walk at = doc_walk_start(object); at.p != NULL; doc_walk_next(object, &at))
        doc_emit(emit, at.key.p, at.value);
    emit_object_end(emit);
}

static void write_array(struct emit *emit, const char *key, struct doc_node array)
{
    emit_array(emit, key);
    for (size_t i = 0; i < doc_count(array); i++)
        doc_emit(emit, NULL, doc_item(array, i));
    emit_array_end(emit);
}

void doc_write(struct doc_node node, struct buf *out)
{
    struct emit emit = emit_to(out);
    doc_emit(&emit, NULL, node);
}
