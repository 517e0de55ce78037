#include "http/guests.h"

#include <stdlib.h>
#include <sys/socket.h>

struct guest {
    struct list_node node; /* in none once it was sent away */
    int fd;
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
    list_remove(first);
    shutdown(list_entry(first, struct guest, node)->fd, SHUT_RDWR);
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

void guests_served(struct guests *guests, struct guest *guest)
{
    if (guest == NULL || !list_has_node(&guest->node))
        return;
    list_remove(&guest->node);
    list_push_back(&guests->all, &guest->node);
}

void guests_remove(struct guests *guests, struct guest *guest)
{
    if (guest == NULL)
        return;
    if (list_has_node(&guest->node))
        list_remove(&guest->node);
    guests->count--;
    free(guest);
}
