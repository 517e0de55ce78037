#include "base/map.h"

#include "base/chance.h"

#include <stdlib.h>

void map_init(struct map *map)
{
    *map = (struct map){0};
    chance_fill(&map->secret, sizeof map->secret);
}

void map_fini(struct map *map)
{
    free(map->buckets);
    *map = (struct map){0};
}

struct map_node *map_find(const struct map *map, struct str key)
{
    if (map->count == 0)
        return NULL;
    uint64_t hash = siphash_of(&map->secret, key);
    struct map_node *node = map->buckets[hash & (map->bucket_count - 1)];
    while (node != NULL && !(node->hash == hash && str_eq(node->key, key)))
        node = node->next;
    return node;
}

static enum err grow(struct map *map)
{
    size_t count = map->bucket_count == 0 ? 16 : map->bucket_count * 2;
    struct map_node **buckets = calloc(count, sizeof(struct map_node *));
    if (buckets == NULL)
        return map->bucket_count == 0 ? ERR_NO_MEMORY : ERR_NONE; /* slower, still right */
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct map_node *node = map->buckets[i];
        while (node != NULL) {
            struct map_node *next = node->next;
            struct map_node **bucket = &buckets[node->hash & (count - 1)];
            node->next = *bucket;
            *bucket = node;
            node = next;
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = count;
    return ERR_NONE;
}

enum err map_insert(struct map *map, struct map_node *node)
{
    if (map->count >= map->bucket_count && grow(map) != ERR_NONE)
        return ERR_NO_MEMORY;
    node->hash = siphash_of(&map->secret, node->key);
    struct map_node **bucket = &map->buckets[node->hash & (map->bucket_count - 1)];
    node->next = *bucket;
    *bucket = node;
    map->count++;
    return ERR_NONE;
}

void map_remove(struct map *map, struct map_node *node)
{
    struct map_node **link = &map->buckets[node->hash & (map->bucket_count - 1)];
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    node->next = NULL;
    map->count--;
}

void map_each(struct map *map, void (*visit)(void *context, struct map_node *node), void *context)
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct map_node *node = map->buckets[i];
        while (node != NULL) {
            struct map_node *next = node->next;
            visit(context, node);
            node = next;
        }
    }
}
