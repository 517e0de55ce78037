#include "tests/bridge/table.h"

#include "tests/check.h"

#include <stdio.h>

#define LINE_MAX_BYTES 512

/* The line behind "## section" and its blanks, text and table head. */
static void find_rows(FILE *file, const char *section, char line[LINE_MAX_BYTES])
{
    char heading[128];
    snprintf(heading, sizeof heading, "## %s\n", section);
    do
        assert_non_null(fgets(line, LINE_MAX_BYTES, file));
    while (strcmp(line, heading) != 0);
    do
        assert_non_null(fgets(line, LINE_MAX_BYTES, file));
    while (strncmp(line, "|---", 4) != 0);
}

static void check_row(const struct table_of *table, int state, const char *line)
{
    struct str rest = str_of(line);
    (void)str_cut(&rest, '|');
    struct str cell = str_cut(&rest, '|');
    check_has(line, table->name(state));
    assert_int_equal(cell.n, strlen(table->name(state)) + 2);
    for (int event = 0; event < table->events; event++) {
        char expected[64];
        int next = table->next(state, event);
        snprintf(expected, sizeof expected, " %s ",
                 next == table->states ? "-" : table->name(next));
        check_str(str_cut(&rest, '|'), expected);
    }
    check_str(rest, "\n");
}

void table_check(const struct table_of *table)
{
    char line[LINE_MAX_BYTES];
    FILE *file = fopen(VECTORS_DIR "/../../ARCHITECTURE.md", "r");
    assert_non_null(file);
    find_rows(file, table->section, line);
    for (int state = 0; state < table->states; state++) {
        assert_non_null(fgets(line, sizeof line, file));
        check_row(table, state, line);
    }
    fclose(file);
}
