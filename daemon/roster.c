#include "daemon/roster.h"

#include <stdio.h>
#include <stdlib.h>

static struct roster_row *row_of(struct list_node *node)
{
    return node != NULL ? list_entry(node, struct roster_row, seen_node) : NULL;
}

void roster_init(struct roster *roster)
{
    map_init(&roster->map);
    list_init(&roster->seen);
    roster->forgotten = 0;
}

static void free_row(void *context, struct map_node *node)
{
    (void)context;
    free(map_entry(node, struct roster_row, map_node));
}

void roster_fini(struct roster *roster)
{
    map_each(&roster->map, free_row, NULL);
    map_fini(&roster->map);
    list_init(&roster->seen);
}

static void forget_oldest(struct roster *roster)
{
    struct roster_row *row = row_of(roster->seen.head.prev);
    map_remove(&roster->map, &row->map_node);
    list_remove(&row->seen_node);
    free(row);
    roster->forgotten++;
}

static struct roster_row *add(struct roster *roster, const char *name)
{
    if (roster->map.count == LIMITS_ROSTER)
        forget_oldest(roster);
    struct roster_row *row = calloc(1, sizeof *row);
    if (row == NULL)
        return NULL;
    snprintf(row->name, sizeof row->name, "%s", name);
    row->map_node.key = str_of(row->name);
    if (map_insert(&roster->map, &row->map_node) != ERR_NONE) {
        free(row);
        return NULL;
    }
    list_push_front(&roster->seen, &row->seen_node);
    return row;
}

void roster_count(struct roster *roster, const char *name, const struct news_item *item)
{
    if (name[0] == '\0')
        return;
    struct map_node *node = map_find(&roster->map, str_of(name));
    struct roster_row *row =
        node != NULL ? map_entry(node, struct roster_row, map_node) : add(roster, name);
    if (row == NULL) {
        roster->forgotten++;
        return;
    }
    list_remove(&row->seen_node);
    list_push_front(&roster->seen, &row->seen_node);
    if (item->code == 0)
        row->accepted++;
    else
        row->rejected++;
    if (item->latency_ms > row->latency_max_ms)
        row->latency_max_ms = item->latency_ms;
    spread_add(&row->latency, item->latency_ms);
    row->last_at_ms = item->at_ms;
    row->last_code = item->code;
}

const struct roster_row *roster_first(const struct roster *roster)
{
    return row_of(list_first(&roster->seen));
}

const struct roster_row *roster_after(const struct roster *roster, const struct roster_row *row)
{
    return row_of(list_after(&roster->seen, &row->seen_node));
}
