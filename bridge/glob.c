#include "bridge/glob.h"

#include <stdlib.h>

/* Bit n: the first n elements (characters and '?'s) have been matched. With a '*' in the pattern
 * there are fewer elements than bytes, so GLOB_BYTES_MAX bits are enough. */
typedef unsigned __int128 places;

_Static_assert(sizeof(places) * 8 >= GLOB_BYTES_MAX, "a bit for each place");

#define SYMBOLS 67 /* those of identifiers, ':' of things, and '?' and '*' of other globs */
#define ANY_ONE (SYMBOLS - 2)
#define NONE    SYMBOLS

struct glob_table {
    places leads_on[SYMBOLS]; /* by symbol: places whose next element it matches */
    places stays;             /* places before a '*' */
    places end;
};

static unsigned symbol_of(char c)
{
    static const char others[] = "_-:?*"; /* '?' is ANY_ONE; none leads on with '*' */
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a');
    if (c >= 'A' && c <= 'Z')
        return 26 + (unsigned)(c - 'A');
    if (c >= '0' && c <= '9')
        return 52 + (unsigned)(c - '0');
    const char *other = c == '\0' ? NULL : strchr(others, c);
    return other == NULL ? NONE : 62 + (unsigned)(other - others);
}

static enum err check(struct str pattern, struct why *why)
{
    if (pattern.n > GLOB_BYTES_MAX)
        return why_set(why, ERR_INVALID, NULL,
                       "\"%.*s...\" has %zu characters, at most %d are used", 32, pattern.p,
                       pattern.n, GLOB_BYTES_MAX);
    for (size_t i = 0; i < pattern.n; i++)
        if (symbol_of(pattern.p[i]) == NONE)
            return why_set(why, ERR_INVALID, NULL,
                           "\"%.*s\" matches nothing: names have letters, digits and _ - : only",
                           STR_ARG(pattern));
    return ERR_NONE;
}

/* Copies the pattern with each run of wildcards as its '?'s and then at most one '*'. */
static void copy(struct glob *glob, struct str pattern)
{
    bool has_star = false;
    for (size_t i = 0; i < pattern.n; i++) {
        bool is_literal = pattern.p[i] != '*' && pattern.p[i] != '?';
        if (is_literal && has_star) {
            glob->text[glob->n++] = '*';
            has_star = false;
        }
        if (pattern.p[i] == '*')
            has_star = true;
        else
            glob->text[glob->n++] = pattern.p[i];
    }
    if (has_star)
        glob->text[glob->n++] = '*';
    glob->text[glob->n] = '\0';
}

static void fill(struct glob_table *table, const char *text)
{
    places at = 1;
    for (; *text != '\0'; text++) {
        if (*text == '*') {
            table->stays |= at;
            continue;
        }
        if (*text == '?')
            for (unsigned symbol = 0; symbol <= ANY_ONE; symbol++)
                table->leads_on[symbol] |= at;
        else
            table->leads_on[symbol_of(*text)] |= at;
        at <<= 1;
    }
    table->end = at;
}

enum err glob_init(struct glob *glob, struct str pattern, struct why *why)
{
    enum err err = check(pattern, why);
    if (err != ERR_NONE)
        return err;
    struct glob made = {.text = malloc(pattern.n + 1)};
    if (made.text == NULL)
        goto fail;
    copy(&made, pattern);
    if (strchr(made.text, '*') != NULL) {
        made.table = calloc(1, sizeof *made.table);
        if (made.table == NULL)
            goto fail;
        fill(made.table, made.text);
    }
    *glob = made;
    return ERR_NONE;
fail:
    glob_fini(&made);
    return why_set(why, ERR_NO_MEMORY, NULL, "%s", err_name(ERR_NO_MEMORY));
}

void glob_fini(struct glob *glob)
{
    free(glob->text);
    free(glob->table);
    *glob = (struct glob){0};
}

static bool matches_by_table(const struct glob_table *table, struct str text)
{
    places at = 1;
    for (size_t i = 0; i < text.n && at != 0; i++) {
        unsigned symbol = symbol_of(text.p[i]);
        places next = symbol == NONE ? 0 : (at & table->leads_on[symbol]) << 1;
        at = next | (at & table->stays);
    }
    return (at & table->end) != 0;
}

static bool matches_one_by_one(const struct glob *glob, struct str text)
{
    if (glob->n != text.n)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (glob->text[i] != text.p[i] && (glob->text[i] != '?' || text.p[i] == '*'))
            return false;
    return true;
}

bool glob_matches(const struct glob *glob, struct str identifier)
{
    return glob->table != NULL ? matches_by_table(glob->table, identifier)
                               : matches_one_by_one(glob, identifier);
}

/* The other's wildcards are symbols as well: '?' is matched by a wildcard only, '*' by a '*' only,
 * which stays where it is. */
bool glob_covers(const struct glob *glob, const struct glob *other)
{
    return glob_matches(glob, (struct str){other->text, other->n});
}
