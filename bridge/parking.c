#include "bridge/parking.h"

#include "base/limits.h"

#include <stdlib.h>

struct parked {
    struct list_node node;
    struct arrival arrival; /* views into text */
    char text[];
};

void parking_init(struct parking *parking)
{
    *parking = (struct parking){0};
    list_init(&parking->arrivals);
}

void parking_clear(struct parking *parking)
{
    struct list_node *at = list_first(&parking->arrivals);
    while (at != NULL) {
        struct list_node *next = list_after(&parking->arrivals, at);
        free(list_entry(at, struct parked, node));
        at = next;
    }
    parking_init(parking);
}

enum err parking_add(struct parking *parking, const struct arrival *arrival)
{
    parking->has_overflowed = parking->count >= LIMITS_PARKED;
    if (parking->has_overflowed)
        return ERR_FULL;
    const struct trace trace = trace_of(arrival->trace.parent, arrival->trace.state);
    size_t n = arrival->topic.n + arrival->payload.n + arrival->response_topic.n +
               arrival->correlation.n + trace.parent.n + trace.state.n;
    struct parked *parked = malloc(sizeof(struct parked) + n);
    if (parked == NULL)
        return ERR_NO_MEMORY;
    char *at = parked->text;
    parked->arrival = *arrival;
    parked->arrival.topic = str_place(&at, arrival->topic);
    parked->arrival.payload = str_place(&at, arrival->payload);
    parked->arrival.response_topic = str_place(&at, arrival->response_topic);
    parked->arrival.correlation = str_place(&at, arrival->correlation);
    parked->arrival.trace.parent = str_place(&at, trace.parent);
    parked->arrival.trace.state = str_place(&at, trace.state);
    list_push_back(&parking->arrivals, &parked->node);
    parking->count++;
    return ERR_NONE;
}

static struct parked *first(const struct parking *parking)
{
    struct list_node *node = list_first(&parking->arrivals);
    return node == NULL ? NULL : list_entry(node, struct parked, node);
}

const struct arrival *parking_first(const struct parking *parking)
{
    struct parked *parked = first(parking);
    return parked == NULL ? NULL : &parked->arrival;
}

void parking_drop_first(struct parking *parking)
{
    struct parked *parked = first(parking);
    list_remove(&parked->node);
    parking->count--;
    free(parked);
}
