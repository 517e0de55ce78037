#include "tests/topics/vectors.h"

#include "base/buf.h"
#include "tests/check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_BYTES_MAX (1 << 16)

/* nftw has no context argument. */
static const char *wanted_subject;
static void (*visitor)(const struct vector *v);
static int visited;

static void die(const char *path, int line, const char *problem)
{
    fprintf(stderr, "%s:%d: %s\n", path, line, problem);
    exit(1);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* What follows \( : text, '*', a count, ')'. */
static bool add_repeated(struct buf *out, struct str *rest)
{
    struct str inside = str_cut(rest, ')');
    struct str text = str_cut(&inside, '*');
    int64_t count;
    if (str_is_absent(*rest) || !str_to_int(inside, 0, LINE_BYTES_MAX, &count))
        return false;
    for (int64_t i = 0; i < count; i++)
        buf_add(out, text);
    return true;
}

static bool add_escaped(struct buf *out, struct str *rest)
{
    if (rest->n == 0)
        return false;
    char kind = rest->p[0];
    *rest = (struct str){rest->p + 1, rest->n - 1};
    if (kind == '(')
        return add_repeated(out, rest);
    if (kind == 'x') {
        if (rest->n < 2 || hex_digit(rest->p[0]) < 0 || hex_digit(rest->p[1]) < 0)
            return false;
        buf_add_byte(out, (char)(hex_digit(rest->p[0]) * 16 + hex_digit(rest->p[1])));
        *rest = (struct str){rest->p + 2, rest->n - 2};
        return true;
    }
    const char *kinds = "spm\\";
    const char *at = kind != '\0' ? strchr(kinds, kind) : NULL;
    if (at != NULL)
        buf_add_byte(out, " |-\\"[at - kinds]);
    return at != NULL;
}

static bool unescape(struct str text, struct buf *out)
{
    struct str rest = text;
    while (!str_is_absent(rest)) {
        buf_add(out, str_cut(&rest, '\\'));
        if (!str_is_absent(rest) && !add_escaped(out, &rest))
            return false;
    }
    return buf_err(out) == ERR_NONE;
}

/* The folder's name out of .../<rule>/<file>. */
static struct str rule_of(const char *path)
{
    struct str rest = str_of(path);
    struct str folder = STR_NONE;
    for (struct str part = str_cut(&rest, '/'); !str_is_absent(rest); part = str_cut(&rest, '/'))
        folder = part;
    return folder;
}

static void read_case(struct vector *v, struct str line)
{
    struct buf bytes[VECTORS_COLUMNS_MAX];
    struct str head = str_trim(str_cut(&line, '|'));
    v->subject = str_cut(&head, ' ');
    v->is_accept = str_eq(head, STR("accept"));
    if (!v->is_accept && !str_eq(head, STR("refuse")))
        die(v->path, v->line, "neither accept nor refuse");
    for (int i = 0; i < VECTORS_COLUMNS_MAX; i++) {
        buf_init(&bytes[i], LINE_BYTES_MAX);
        v->columns[i] = STR_NONE;
        struct str column = str_trim(str_cut(&line, '|'));
        if (str_is_absent(column) || str_eq(column, STR("-")))
            continue;
        if (!unescape(column, &bytes[i]))
            die(v->path, v->line, "bad escape");
        v->columns[i] = buf_str(&bytes[i]);
    }
    if (!str_is_absent(line))
        die(v->path, v->line, "too many columns");
    if (wanted_subject == NULL || str_eq_text(v->subject, wanted_subject)) {
        visited++;
        visitor(v);
    }
    for (int i = 0; i < VECTORS_COLUMNS_MAX; i++)
        buf_fini(&bytes[i]);
}

static int read_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)place;
    if (type != FTW_F)
        return 0;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        die(path, 0, "cannot be opened");
    struct vector v = {.path = path, .rule = rule_of(path)};
    char text[LINE_BYTES_MAX];
    while (fgets(text, sizeof text, file) != NULL) {
        v.line++;
        struct str line = {text, strcspn(text, "\n")};
        if (line.n > 0 && line.p[0] != '#')
            read_case(&v, line);
    }
    fclose(file);
    return 0;
}

int vectors_each(const char *folder, const char *subject, void (*visit)(const struct vector *v))
{
    wanted_subject = subject;
    visitor = visit;
    visited = 0;
    if (nftw(folder, read_file, 8, FTW_PHYS) != 0)
        die(folder, 0, "cannot be read");
    return visited;
}

void vectors_fail(const struct vector *v, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fail_msg("%s:%d: %s", v->path, v->line, text);
}

void vectors_check_words(const struct vector *v, const char *text, struct str words)
{
    if (words.n == 0 || memmem(text, strlen(text), words.p, words.n) == NULL)
        vectors_fail(v, "the reason is: %s", text);
}

void vectors_check_why(const struct vector *v, const struct why *why, int at)
{
    if (v->is_accept) {
        if (why->text[0] != '\0')
            vectors_fail(v, "accepted, but a reason is given: %s", why->text);
        return;
    }
    if (!str_eq_text(v->columns[at], why->field))
        vectors_fail(v, "the field is '%s'", why->field);
    vectors_check_words(v, why->text, v->columns[at + 1]);
}
