#include "http/guests.h"

#include <stdlib.h>
#include <sys/socket.h>

struct guest {
    struct list_node node;
    int fd;
    bool was_sent_away;
};

void guests_init(struct guests *guests, unsigned max)
{
    *guests = (struct guests){.max = max};
    list_init(&guests->all);
}

/* Its end is noticed like any other, and gives back the place. */
static void send_first_away(struct guests *guests)
{
    struct list_node *first = list_first(&guests->all);
    if (first == NULL)
        return;
    struct guest *guest = list_entry(first, struct guest, node);
    list_remove(first);
    guest->was_sent_away = true;
    shutdown(guest->fd, SHUT_RDWR);
}

struct guest *guests_add(struct guests *guests, int fd)
{
    struct guest *guest = calloc(1, sizeof *guest);
    if (guest == NULL)
        return NULL;
    guests->count++;
    if (guests->count > guests->max)
        send_first_away(guests);
    guest->fd = fd;
    list_push_back(&guests->all, &guest->node);
    return guest;
}

void guests_keep(struct guest *guest)
{
    if (guest != NULL && list_has_node(&guest->node))
        list_remove(&guest->node);
}

void guests_served(struct guests *guests, struct guest *guest)
{
    if (guest == NULL || guest->was_sent_away)
        return;
    guests_keep(guest);
    list_push_back(&guests->all, &guest->node);
}

void guests_remove(struct guests *guests, struct guest *guest)
{
    if (guest == NULL)
        return;
    guests_keep(guest);
    guests->count--;
    guests->gone++;
    free(guest);
}
