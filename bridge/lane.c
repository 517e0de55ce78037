#include "bridge/lane.h"

#include <stdlib.h>

struct lane *lane_new(struct str job)
{
    struct lane *lane = calloc(1, sizeof(struct lane) + job.n);
    if (lane == NULL)
        return NULL;
    memcpy(lane->job, job.p, job.n);
    lane->by_job.key = (struct str){lane->job, job.n};
    list_init(&lane->records);
    list_init(&lane->owed);
    return lane;
}

void lane_free(struct lane *lane)
{
    struct record *head;
    if (lane == NULL)
        return;
    while ((head = lane_head(lane)) != NULL) {
        list_remove(&head->lane_node);
        record_free(head);
    }
    free(lane);
}

struct record *lane_head(const struct lane *lane)
{
    struct list_node *first = list_first(&lane->records);
    return first == NULL ? NULL : list_entry(first, struct record, lane_node);
}

bool lane_is(const struct lane *lane, enum record_state state_of_head)
{
    const struct record *head = lane_head(lane);
    return head != NULL && head->state == state_of_head;
}
