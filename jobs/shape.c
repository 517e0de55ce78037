#include "jobs/shape.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CONSTRAINT_MAX 256

static enum err check_value(const struct shape_row *row, const struct shape_place *at,
                            struct doc_node value, struct why *why);

/* At most SHAPE_EXCERPT_MAX bytes of s, whole characters. */
static struct str excerpt(struct str s)
{
    if (s.n <= SHAPE_EXCERPT_MAX)
        return s;
    size_t n = SHAPE_EXCERPT_MAX;
    while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return (struct str){s.p, n};
}

/* abortConfig.criteriaList[0].action */
static void add_path(struct buf *path, const struct shape_place *at)
{
    if (at == NULL)
        return;
    add_path(path, at->parent);
    if (str_is_absent(at->name)) {
        buf_format(path, "[%zu]", at->index);
        return;
    }
    if (path->n > 0)
        buf_add_byte(path, '.');
    buf_add(path, excerpt(at->name));
}

/* An absent value is shown as null, without quotes. */
static enum err refuse(const struct shape_place *at, struct str value, struct why *why,
                       const char *constraint)
{
    bool is_null = str_is_absent(value);
    const char *quote = is_null ? "" : "'";
    struct str shown = is_null ? STR("null") : excerpt(value);
    struct buf path;
    buf_init(&path, WHY_FIELD_MAX - 1);
    add_path(&path, at);
    enum err err = why_set(why, ERR_INVALID, buf_text(&path),
                           "1 validation error detected: Value %s%.*s%s%s at '%s' failed to "
                           "satisfy constraint: Member must %s",
                           quote, STR_ARG(shown), shown.n < value.n ? "..." : "", quote,
                           buf_text(&path), constraint);
    buf_fini(&path);
    return err;
}

enum err shape_refuse(const struct shape_place *at, struct doc_node value, struct why *why,
                      const char *constraint)
{
    enum doc_kind kind = doc_kind_of(value);
    if (kind == DOC_STRING || kind == DOC_NULL || kind == DOC_ABSENT)
        return refuse(at, doc_str(value), why, constraint);
    struct buf json;
    buf_init(&json, LIMITS_REQUEST_BYTES);
    doc_write(value, &json);
    enum err err = refuse(at, buf_str(&json), why, constraint);
    buf_fini(&json);
    return err;
}

static bool is_of_kind(enum doc_kind kind, const struct shape_row *row)
{
    static const enum doc_kind kinds[SHAPE_KIND_COUNT] = {
        [SHAPE_STRING] = DOC_STRING, [SHAPE_INTEGER] = DOC_INTEGER,  [SHAPE_LONG] = DOC_INTEGER,
        [SHAPE_DOUBLE] = DOC_REAL,   [SHAPE_BOOLEAN] = DOC_BOOL,     [SHAPE_LIST] = DOC_ARRAY,
        [SHAPE_MAP] = DOC_OBJECT,    [SHAPE_STRUCTURE] = DOC_OBJECT,
    };
    return kind == kinds[row->kind] || (row->kind == SHAPE_DOUBLE && kind == DOC_INTEGER);
}

static const char *kind_name(enum shape_kind kind)
{
    static const char *const names[SHAPE_KIND_COUNT] = {
        [SHAPE_STRING] = "string", [SHAPE_INTEGER] = "integer",  [SHAPE_LONG] = "integer",
        [SHAPE_DOUBLE] = "number", [SHAPE_BOOLEAN] = "boolean",  [SHAPE_LIST] = "array",
        [SHAPE_MAP] = "object",    [SHAPE_STRUCTURE] = "object",
    };
    return names[kind];
}

/* The judges write the constraint that is broken; it stays "" when all is well. */

static void judge_range(const struct shape_row *row, const char *noun, double value,
                        char constraint[static CONSTRAINT_MAX])
{
    bool is_32_bit = row->kind == SHAPE_INTEGER;
    double min = row->min.is_set ? row->min.value : is_32_bit ? INT32_MIN : -HUGE_VAL;
    double max = row->max.is_set ? row->max.value : is_32_bit ? INT32_MAX : HUGE_VAL;
    if (value < min)
        snprintf(constraint, CONSTRAINT_MAX, "have %s greater than or equal to %.15g", noun, min);
    else if (value > max)
        snprintf(constraint, CONSTRAINT_MAX, "have %s less than or equal to %.15g", noun, max);
}

static void list_words(const char *const *words, char constraint[static CONSTRAINT_MAX])
{
    struct buf text;
    buf_init(&text, CONSTRAINT_MAX - 1);
    buf_add_text(&text, "satisfy enum value set: [");
    for (size_t i = 0; words[i] != NULL; i++)
        buf_format(&text, "%s%s", i > 0 ? ", " : "", words[i]);
    buf_add_byte(&text, ']');
    snprintf(constraint, CONSTRAINT_MAX, "%s", buf_text(&text));
    buf_fini(&text);
}

static bool is_one_of(struct str s, const char *const *words)
{
    while (*words != NULL && !str_eq_text(s, *words))
        words++;
    return *words != NULL;
}

static void judge_string(const struct shape_row *row, struct str s,
                         char constraint[static CONSTRAINT_MAX])
{
    judge_range(row, "length", (double)utf8_length(s), constraint);
    if (constraint[0] != '\0')
        return;
    if (row->pattern != NULL && !row->pattern->matches(s))
        snprintf(constraint, CONSTRAINT_MAX, "satisfy regular expression pattern: %s",
                 row->pattern->text);
    else if (row->words != NULL && !is_one_of(s, row->words))
        list_words(row->words, constraint);
}

/* True if value is the double nearest to some number with that many decimals. */
static bool has_decimals_within(double value, int decimals)
{
    char text[DBL_MAX_10_EXP + 32];
    snprintf(text, sizeof text, "%.*f", decimals, value);
    return strtod(text, NULL) == value;
}

static void judge_double(const struct shape_row *row, double value,
                         char constraint[static CONSTRAINT_MAX])
{
    judge_range(row, "value", value, constraint);
    int decimals = (int)row->decimals.value;
    if (constraint[0] == '\0' && row->decimals.is_set && !has_decimals_within(value, decimals))
        snprintf(constraint, CONSTRAINT_MAX, "have at most %d digit%s after the decimal point",
                 decimals, decimals == 1 ? "" : "s");
}

static void judge(const struct shape_row *row, struct doc_node value,
                  char constraint[static CONSTRAINT_MAX])
{
    switch (row->kind) {
    case SHAPE_STRING:
        judge_string(row, doc_str(value), constraint);
        break;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        judge_range(row, "value", (double)doc_int(value), constraint);
        break;
    case SHAPE_DOUBLE:
        judge_double(row, doc_real(value), constraint);
        break;
    case SHAPE_LIST:
    case SHAPE_MAP:
        judge_range(row, "length", (double)doc_count(value), constraint);
        break;
    case SHAPE_BOOLEAN:
    case SHAPE_STRUCTURE:
    case SHAPE_KIND_COUNT:
        break;
    }
}

static enum err check_list(const struct shape_row *row, const struct shape_place *at,
                           struct doc_node list, struct why *why)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < doc_count(list); i++) {
        struct shape_place place = {.parent = at, .index = i};
        err = check_value(row->item, &place, doc_item(list, i), why);
    }
    return err;
}

static enum err check_map(const struct shape_row *row, const struct shape_place *at,
                          struct doc_node map, struct why *why)
{
    enum err err = ERR_NONE;
    struct doc_walk member = doc_walk_start(map);
    for (; err == ERR_NONE && member.p != NULL; doc_walk_next(map, &member)) {
        struct shape_place place = {.parent = at, .name = member.key};
        char constraint[CONSTRAINT_MAX] = "";
        judge_string(row->key, member.key, constraint);
        err = constraint[0] != '\0' ? refuse(&place, member.key, why, constraint)
                                    : check_value(row->item, &place, member.value, why);
    }
    return err;
}

/* The rows of the shape and its base, then what only the shape as a whole can say. */
static enum err check_members(const struct shape *shape, const struct shape_place *at,
                              struct doc_node object, struct why *why)
{
    enum err err = ERR_NONE;
    if (shape->base != NULL)
        err = check_members(shape->base, at, object, why);
    for (size_t i = 0; err == ERR_NONE && i < shape->count; i++) {
        const struct shape_row *row = &shape->rows[i];
        struct doc_node value = doc_member(object, row->name);
        struct shape_place place = {.parent = at, .name = str_of(row->name)};
        if (row->is_required || doc_kind_of(value) != DOC_ABSENT)
            err = check_value(row, &place, value, why);
    }
    if (err == ERR_NONE && shape->check != NULL)
        err = shape->check(at, object, why);
    return err;
}

static enum err check_names(const struct shape *shape, const struct shape_place *at,
                            struct doc_node object, struct why *why)
{
    struct doc_walk member = doc_walk_start(object);
    for (; member.p != NULL; doc_walk_next(object, &member)) {
        struct shape_place place = {.parent = at, .name = member.key};
        if (shape_find(shape, member.key) == NULL)
            return shape_refuse(&place, member.value, why, "not be present: unknown member");
    }
    return ERR_NONE;
}

static enum err check_kind(const struct shape_row *row, const struct shape_place *at,
                           struct doc_node value, struct why *why)
{
    enum doc_kind kind = doc_kind_of(value);
    if (is_of_kind(kind, row))
        return ERR_NONE;
    if (kind == DOC_ABSENT || kind == DOC_NULL)
        return shape_refuse(at, value, why, "not be null");
    char constraint[CONSTRAINT_MAX];
    snprintf(constraint, sizeof constraint, "be of type %s, not %s", kind_name(row->kind),
             doc_kind_name(kind));
    return shape_refuse(at, value, why, constraint);
}

static enum err check_value(const struct shape_row *row, const struct shape_place *at,
                            struct doc_node value, struct why *why)
{
    enum err err = check_kind(row, at, value, why);
    if (err != ERR_NONE)
        return err;
    char constraint[CONSTRAINT_MAX] = "";
    judge(row, value, constraint);
    if (constraint[0] != '\0')
        return shape_refuse(at, value, why, constraint);
    if (row->kind == SHAPE_LIST)
        return check_list(row, at, value, why);
    if (row->kind == SHAPE_MAP)
        return check_map(row, at, value, why);
    if (row->kind != SHAPE_STRUCTURE)
        return ERR_NONE;
    err = check_names(row->shape, at, value, why);
    return err != ERR_NONE ? err : check_members(row->shape, at, value, why);
}

enum err shape_check(const struct shape *shape, struct doc_node value, struct why *why)
{
    const struct shape_row root = {.kind = SHAPE_STRUCTURE, .shape = shape};
    return check_value(&root, NULL, value, why);
}

enum err shape_check_known(const struct shape *shape, struct doc_node value, struct why *why)
{
    const struct shape_row root = {.kind = SHAPE_STRUCTURE};
    enum err err = check_kind(&root, NULL, value, why);
    return err != ERR_NONE ? err : check_members(shape, NULL, value, why);
}

const struct shape_row *shape_find(const struct shape *shape, struct str name)
{
    for (; shape != NULL; shape = shape->base)
        for (size_t i = 0; i < shape->count; i++)
            if (str_eq_text(name, shape->rows[i].name))
                return &shape->rows[i];
    return NULL;
}
