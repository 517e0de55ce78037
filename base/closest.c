#include "base/closest.h"

#define WORD_MAX     32 /* bytes; nobody mistypes a longer one for ours */
#define DISTANCE_MAX 2  /* slips, and never half of the word */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many bytes to insert, drop or replace, or neighbours to swap. Row i is the distances from the
 * first i bytes of a to each beginning of b; only the last three are kept. */
static size_t distance(struct str a, struct str b)
{
    size_t rows[3][WORD_MAX + 1] = {{0}};
    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *row = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t replaced = last[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            row[j] = least(replaced, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a.n % 3][b.n];
}

struct closest closest_to(struct str word)
{
    return (struct closest){.word = word, .distance = DISTANCE_MAX + 1};
}

void closest_try(struct closest *closest, const char *name)
{
    struct str known = str_of(name);
    if (closest->word.n > WORD_MAX || known.n > WORD_MAX)
        return;
    size_t d = distance(closest->word, known);
    if (d < closest->distance && 2 * d < closest->word.n) {
        closest->name = name;
        closest->distance = d;
    }
}
