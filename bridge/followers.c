#include "bridge/followers.h"

void followers_init(struct followers *followers)
{
    followers->count = 0;
    list_init(&followers->records);
}

void followers_fini(struct followers *followers)
{
    struct list_node *at = list_first(&followers->records);
    while (at != NULL) {
        struct list_node *next = list_after(&followers->records, at);
        record_free(list_entry(at, struct record, lane_node));
        at = next;
    }
    followers_init(followers);
}

void followers_add(struct followers *followers, struct record *record, uint64_t leader_seq)
{
    record->leader_seq = leader_seq;
    list_push_back(&followers->records, &record->lane_node);
    followers->count++;
}

struct record *followers_take(struct followers *followers, uint64_t leader_seq)
{
    struct list_node *at = list_first(&followers->records);
    for (; at != NULL; at = list_after(&followers->records, at)) {
        struct record *record = list_entry(at, struct record, lane_node);
        if (record->leader_seq != leader_seq)
            continue;
        list_remove(&record->lane_node);
        followers->count--;
        return record;
    }
    return NULL;
}
