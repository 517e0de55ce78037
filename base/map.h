/*
 * A hash map from byte strings to elements the caller owns. The node lives in the element; its key
 * must stay valid while it is in the map. Keys come from strangers, so the hash is keyed (SipHash)
 * with randomness of the process: nobody can choose keys that collide.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/err.h"
#include "base/siphash.h"
#include "base/str.h"

struct map_node {
    struct map_node *next;
    uint64_t hash;
    struct str key;
};

struct map {
    struct map_node **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    size_t count;
    struct siphash_key secret;
};

#define map_entry(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

void map_init(struct map *map);
void map_fini(struct map *map); /* frees the table, not the elements */

struct map_node *map_find(const struct map *map, struct str key);

/* node->key is set by the caller and must not be in the map yet. */
nodiscard enum err map_insert(struct map *map, struct map_node *node);
void map_remove(struct map *map, struct map_node *node);

/* Calls visit for every element; visit may remove or free the element it is given. */
void map_each(struct map *map, void (*visit)(void *context, struct map_node *node), void *context);

#endif
