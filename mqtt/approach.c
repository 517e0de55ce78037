#include "mqtt/approach.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

void approach_init(struct approach *approach, const struct broker_url *url)
{
    *approach = (struct approach){.url = url, .poll_fd = -1};
}

void approach_stop(struct approach *approach)
{
    for (size_t i = 0; i < approach->try_count; i++)
        if (approach->tries[i].fd >= 0)
            close(approach->tries[i].fd);
    approach->try_count = approach->begun = 0;
    if (approach->poll_fd >= 0)
        close(approach->poll_fd);
    approach->poll_fd = -1;
}

void approach_fini(struct approach *approach)
{
    approach_stop(approach);
    lookup_free(approach->lookup);
    approach->lookup = NULL;
}

bool approach_is_under_way(const struct approach *approach)
{
    return approach->poll_fd >= 0;
}

int approach_fd(const struct approach *approach)
{
    return approach->poll_fd;
}

int64_t approach_due_ms(const struct approach *approach)
{
    bool has_next = approach->begun < approach->try_count;
    return has_next && approach->next_ms < approach->deadline_ms ? approach->next_ms
                                                                 : approach->deadline_ms;
}

static bool add_to_poll(struct approach *approach, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events};
    return epoll_ctl(approach->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void add_try(struct approach *approach, const struct addrinfo *info)
{
    struct approach_try *try = &approach->tries[approach->try_count++];
    *try = (struct approach_try){.n = info->ai_addrlen, .fd = -1};
    memcpy(&try->address, info->ai_addr, info->ai_addrlen);
    in_port_t port = htons((uint16_t)approach->url->port);
    if (info->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)&try->address)->sin6_port = port;
    else
        ((struct sockaddr_in *)(void *)&try->address)->sin_port = port;
}

static bool is_internet(const struct addrinfo *info)
{
    return info->ai_family == AF_INET || info->ai_family == AF_INET6;
}

/* One lane is the family of the first address, the other is the other one. */
static void take_addresses(struct approach *approach, const struct addrinfo *list)
{
    const struct addrinfo *lanes[2] = {list, list};
    for (int i = 0; lanes[0] != NULL || lanes[1] != NULL; i = 1 - i) {
        const struct addrinfo *info = lanes[i];
        while (info != NULL &&
               (!is_internet(info) || (info->ai_family == list->ai_family) != (i == 0)))
            info = info->ai_next;
        lanes[i] = info != NULL ? info->ai_next : NULL;
        if (info != NULL && approach->try_count < LIMITS_BROKER_ADDRESSES)
            add_try(approach, info);
    }
}

/* A URL has the brackets of an IPv6 address, nobody else wants them. */
static void copy_host(const struct broker_url *url, char *host, size_t size)
{
    size_t n = strlen(url->host);
    bool is_v6 = n > 1 && url->host[0] == '[';
    snprintf(host, size, "%.*s", (int)(is_v6 ? n - 2 : n), url->host + (is_v6 ? 1 : 0));
}

/* An address in place of a name needs no resolver. */
static enum err find_addresses(struct approach *approach, struct why *why)
{
    char host[sizeof approach->url->host];
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    copy_host(approach->url, host, sizeof host);
    if (approach->lookup == NULL && getaddrinfo(host, NULL, &hints, &list) == 0) {
        take_addresses(approach, list);
        freeaddrinfo(list);
        return ERR_NONE;
    }
    enum err err = ERR_NONE;
    if (approach->lookup == NULL)
        err = lookup_new(host, &approach->lookup, why);
    if (err == ERR_NONE && !add_to_poll(approach, lookup_fd(approach->lookup), EPOLLIN))
        err = why_set(why, ERR_IO, NULL, "epoll: %s", strerror(errno));
    return err;
}

enum err approach_start(struct approach *approach, int64_t now_ms, int64_t limit_ms,
                        struct why *why)
{
    approach_stop(approach);
    approach->limit_ms = limit_ms;
    approach->deadline_ms = now_ms + limit_ms;
    approach->next_ms = now_ms;
    approach->error = 0;
    approach->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (approach->poll_fd < 0)
        return why_set(why, ERR_IO, NULL, "epoll: %s", strerror(errno));
    enum err err = find_addresses(approach, why);
    if (err != ERR_NONE)
        approach_stop(approach);
    return err;
}

static enum approach_state fail(struct approach *approach)
{
    approach_stop(approach);
    return APPROACH_FAILED;
}

static enum approach_state wait_for_lookup(struct approach *approach, int64_t now_ms,
                                           struct why *why)
{
    const char *host = approach->url->host;
    const char *reason = "no addresses";
    if (!lookup_is_done(approach->lookup)) {
        if (now_ms < approach->deadline_ms)
            return APPROACH_UNDER_WAY;
        why_set(why, ERR_DOWN, NULL, "host name %s cannot be resolved: no answer in time", host);
        return fail(approach);
    }
    const struct addrinfo *list = lookup_addresses(approach->lookup, &reason);
    if (list != NULL)
        take_addresses(approach, list);
    if (approach->try_count == 0)
        why_set(why, ERR_DOWN, NULL, "host name %s cannot be resolved: %s", host, reason);
    epoll_ctl(approach->poll_fd, EPOLL_CTL_DEL, lookup_fd(approach->lookup), NULL);
    lookup_free(approach->lookup);
    approach->lookup = NULL;
    approach->deadline_ms = now_ms + approach->limit_ms;
    return approach->try_count > 0 ? APPROACH_UNDER_WAY : fail(approach);
}

static void give_up(struct approach *approach, struct approach_try *try, int error)
{
    approach->error = error;
    if (try->fd >= 0)
        close(try->fd);
    try->fd = -1;
}

static void begin(struct approach *approach, struct approach_try *try, int64_t now_ms)
{
    approach->begun++;
    approach->next_ms = now_ms + APPROACH_STEP_MS;
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    try->fd = socket(try->address.ss_family, type, IPPROTO_TCP);
    if (try->fd < 0 ||
        (connect(try->fd, (struct sockaddr *)&try->address, try->n) != 0 && errno != EINPROGRESS) ||
        !add_to_poll(approach, try->fd, EPOLLOUT))
        give_up(approach, try, errno);
}

/* The index of one that is connected; try_count: none is yet. Takes those that failed off. */
static size_t find_connected(struct approach *approach, size_t *ret_waiting)
{
    *ret_waiting = 0;
    for (size_t i = 0; i < approach->begun; i++) {
        struct approach_try *try = &approach->tries[i];
        struct pollfd fd = {.fd = try->fd, .events = POLLOUT};
        int error = 0;
        socklen_t n = sizeof error;
        if (try->fd < 0)
            continue;
        if (poll(&fd, 1, 0) <= 0)
            ++*ret_waiting;
        else if (getsockopt(try->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
            give_up(approach, try, errno);
        else if (error != 0)
            give_up(approach, try, error);
        else
            return i;
    }
    return approach->try_count;
}

/* Asks again after each one that is begun: on the same machine the answer is there at once. */
static enum approach_state connect_in_turn(struct approach *approach, int64_t now_ms, int *ret_fd,
                                           struct why *why)
{
    size_t waiting;
    size_t connected = find_connected(approach, &waiting);
    while (connected == approach->try_count && approach->begun < approach->try_count &&
           (waiting == 0 || now_ms >= approach->next_ms)) {
        begin(approach, &approach->tries[approach->begun], now_ms);
        connected = find_connected(approach, &waiting);
    }
    if (connected < approach->try_count) {
        *ret_fd = approach->tries[connected].fd;
        approach->tries[connected].fd = -1;
        approach_stop(approach);
        return APPROACH_ARRIVED;
    }
    if (waiting > 0 && now_ms < approach->deadline_ms)
        return APPROACH_UNDER_WAY;
    why_set(why, ERR_DOWN, NULL, "no connection to %s port %d: %s", approach->url->host,
            approach->url->port, waiting > 0 ? "no answer in time" : strerror(approach->error));
    return fail(approach);
}

enum approach_state approach_turn(struct approach *approach, int64_t now_ms, int *ret_fd,
                                  struct why *why)
{
    if (approach->lookup != NULL) {
        enum approach_state state = wait_for_lookup(approach, now_ms, why);
        if (approach->lookup != NULL || state == APPROACH_FAILED)
            return state;
    }
    return connect_in_turn(approach, now_ms, ret_fd, why);
}
