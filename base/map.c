#include "base/map.h"

#include "base/chance.h"

#include <stdlib.h>

void map_init(struct map *map)
{
    *map = (struct map){0};
    chance_fill(map->secret, sizeof map->secret);
}

void map_fini(struct map *map)
{
    free(map->buckets);
    *map = (struct map){0};
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void sip_block(uint64_t v[4], uint64_t block)
{
    v[3] ^= block;
    sip_round(v);
    v[0] ^= block;
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012), the reduced-round variant used for hash tables. */
static uint64_t hash_of(const struct map *map, struct str key)
{
    uint64_t v[4] = {
        map->secret[0] ^ 0x736f6d6570736575u,
        map->secret[1] ^ 0x646f72616e646f6du,
        map->secret[0] ^ 0x6c7967656e657261u,
        map->secret[1] ^ 0x7465646279746573u,
    };
    size_t at = 0;
    for (; at + 8 <= key.n; at += 8) {
        uint64_t block;
        memcpy(&block, key.p + at, sizeof block);
        sip_block(v, block);
    }
    uint64_t last = (uint64_t)key.n << 56;
    if (at < key.n)
        memcpy(&last, key.p + at, key.n - at);
    sip_block(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map_node *map_find(const struct map *map, struct str key)
{
    if (map->count == 0)
        return NULL;
    uint64_t hash = hash_of(map, key);
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
    node->hash = hash_of(map, node->key);
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
