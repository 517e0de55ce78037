#include "daemon/filters.h"

#include <stdlib.h>

void filters_fini(struct filters *filters)
{
    for (size_t i = 0; i < filters->count; i++)
        free(filters->items[i]);
    free(filters->items);
    *filters = (struct filters){0};
}

enum err filters_add(struct filters *filters, struct str filter)
{
    char **items = realloc(filters->items, (filters->count + 1) * sizeof *items);
    if (items == NULL)
        return ERR_NO_MEMORY;
    filters->items = items;
    items[filters->count] = str_dup(filter);
    if (items[filters->count] == NULL)
        return ERR_NO_MEMORY;
    filters->count++;
    return ERR_NONE;
}

bool filters_has(const struct filters *filters, const char *filter)
{
    for (size_t i = 0; i < filters->count; i++)
        if (strcmp(filters->items[i], filter) == 0)
            return true;
    return false;
}

enum err filters_add_stale(struct filters *stale, const struct filters *old,
                           const struct filters *now)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < old->count && err == ERR_NONE; i++)
        if (!filters_has(now, old->items[i]))
            err = filters_add(stale, str_of(old->items[i]));
    return err;
}
