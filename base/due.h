/*
 * What is due when: a binary heap of timers, earliest first. The node lives in the element; the
 * heap owns only its array of pointers. Equal times leave in no particular order.
 */
#ifndef BASE_DUE_H
#define BASE_DUE_H

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUE_NEVER INT64_MAX

struct due_node {
    int64_t at_ms;
    size_t place; /* 1-based index in the heap; 0: not in it */
};

struct due {
    struct due_node **nodes;
    size_t count;
    size_t capacity;
};

#define due_entry(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

void due_init(struct due *due);
void due_fini(struct due *due);

/* Adds the node, or moves it where it is in the heap already. Only adding can fail. */
nodiscard enum err due_set(struct due *due, struct due_node *node, int64_t at_ms);
void due_cancel(struct due *due, struct due_node *node); /* fine if it is not in the heap */

int64_t due_next_ms(const struct due *due);                 /* DUE_NEVER when empty */
struct due_node *due_take(struct due *due, int64_t now_ms); /* removes one that is due, or NULL */

#endif
