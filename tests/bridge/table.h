/* The tables of states in ARCHITECTURE.md, held against those in the code. */
#ifndef TESTS_BRIDGE_TABLE_H
#define TESTS_BRIDGE_TABLE_H

struct table_of {
    const char *section; /* "A command's states" */
    int states;
    int events;
    const char *(*name)(int state);
    int (*next)(int state, int event); /* states where the event cannot happen */
};

/* Row by row and cell by cell, in the order of the code. */
void table_check(const struct table_of *table);

#endif
