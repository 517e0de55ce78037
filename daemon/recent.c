#include "daemon/recent.h"

void recent_add(struct recent *recent, const struct news_item *item)
{
    recent->items[++recent->last % LIMITS_RECENT] = *item;
}

uint64_t recent_next(const struct recent *recent, uint64_t after)
{
    if (after >= recent->last)
        return 0;
    uint64_t first = recent->last > LIMITS_RECENT ? recent->last - LIMITS_RECENT + 1 : 1;
    return after + 1 > first ? after + 1 : first;
}

const struct news_item *recent_item(const struct recent *recent, uint64_t number)
{
    return &recent->items[number % LIMITS_RECENT];
}
