#include "base/due.h"

#include <stdlib.h>

void due_init(struct due *due)
{
    *due = (struct due){0};
}

void due_fini(struct due *due)
{
    free(due->nodes);
    *due = (struct due){0};
}

static void put(struct due *due, size_t place, struct due_node *node)
{
    due->nodes[place - 1] = node;
    node->place = place;
}

static void sift_up(struct due *due, struct due_node *node)
{
    size_t place = node->place;
    while (place > 1 && due->nodes[place / 2 - 1]->at_ms > node->at_ms) {
        put(due, place, due->nodes[place / 2 - 1]);
        place /= 2;
    }
    put(due, place, node);
}

static void sift_down(struct due *due, struct due_node *node)
{
    size_t place = node->place;
    for (;;) {
        size_t child = place * 2;
        if (child > due->count)
            break;
        if (child < due->count && due->nodes[child]->at_ms < due->nodes[child - 1]->at_ms)
            child++;
        if (due->nodes[child - 1]->at_ms >= node->at_ms)
            break;
        put(due, place, due->nodes[child - 1]);
        place = child;
    }
    put(due, place, node);
}

static enum err make_room(struct due *due)
{
    if (due->count < due->capacity)
        return ERR_NONE;
    size_t capacity = due->capacity == 0 ? 64 : due->capacity * 2;
    struct due_node **nodes = realloc(due->nodes, capacity * sizeof(struct due_node *));
    if (nodes == NULL)
        return ERR_NO_MEMORY;
    due->nodes = nodes;
    due->capacity = capacity;
    return ERR_NONE;
}

enum err due_set(struct due *due, struct due_node *node, int64_t at_ms)
{
    if (node->place == 0) {
        if (make_room(due) != ERR_NONE)
            return ERR_NO_MEMORY;
        due->count++;
        put(due, due->count, node);
    }
    node->at_ms = at_ms;
    sift_up(due, node);
    sift_down(due, node);
    return ERR_NONE;
}

void due_cancel(struct due *due, struct due_node *node)
{
    if (node->place == 0)
        return;
    struct due_node *last = due->nodes[due->count - 1];
    size_t place = node->place;
    due->count--;
    node->place = 0;
    if (last == node)
        return;
    put(due, place, last);
    sift_up(due, last);
    sift_down(due, last);
}

int64_t due_next_ms(const struct due *due)
{
    return due->count == 0 ? DUE_NEVER : due->nodes[0]->at_ms;
}

struct due_node *due_take(struct due *due, int64_t now_ms)
{
    if (due->count == 0 || due->nodes[0]->at_ms > now_ms)
        return NULL;
    struct due_node *node = due->nodes[0];
    due_cancel(due, node);
    return node;
}
