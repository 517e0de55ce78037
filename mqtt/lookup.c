#include "mqtt/lookup.h"

#include "base/str.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What the thread has found is the caller's from is_done on. */
struct lookup {
    atomic_int owners; /* the caller and the thread: who leaves last frees it */
    atomic_bool is_done;
    int done_fd;
    char *host;
    int rc;
    int error; /* errno, for EAI_SYSTEM */
    struct addrinfo *list;
};

static void leave(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->owners, 1) > 1)
        return;
    if (lookup->list != NULL)
        freeaddrinfo(lookup->list);
    if (lookup->done_fd >= 0)
        close(lookup->done_fd);
    free(lookup->host);
    free(lookup);
}

static void *resolve(void *context)
{
    struct lookup *lookup = context;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    lookup->rc = getaddrinfo(lookup->host, NULL, &hints, &lookup->list);
    lookup->error = errno;
    if (lookup->rc != 0)
        lookup->list = NULL;
    atomic_store(&lookup->is_done, true);
    eventfd_write(lookup->done_fd, 1); /* the first one always fits */
    leave(lookup);
    return NULL;
}

/* Signals are for the loop. */
static bool start(struct lookup *lookup)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    sigfillset(&all);
    atomic_fetch_add(&lookup->owners, 1);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = pthread_create(&thread, &attributes, resolve, lookup) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (!is_started)
        atomic_fetch_sub(&lookup->owners, 1);
    return is_started;
}

enum err lookup_new(const char *host, struct lookup **ret, struct why *why)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    atomic_init(&lookup->owners, 1);
    lookup->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    lookup->host = str_dup(str_of(host));
    if (lookup->done_fd < 0 || lookup->host == NULL || !start(lookup)) {
        lookup_free(lookup);
        return why_set(why, ERR_NO_MEMORY, NULL, "no thread to resolve host name %s on", host);
    }
    *ret = lookup;
    return ERR_NONE;
}

void lookup_free(struct lookup *lookup)
{
    if (lookup != NULL)
        leave(lookup);
}

int lookup_fd(const struct lookup *lookup)
{
    return lookup->done_fd;
}

bool lookup_is_done(const struct lookup *lookup)
{
    return atomic_load(&lookup->is_done);
}

const struct addrinfo *lookup_addresses(const struct lookup *lookup, const char **ret_reason)
{
    if (lookup->rc != 0)
        *ret_reason = lookup->rc == EAI_SYSTEM ? strerror(lookup->error) : gai_strerror(lookup->rc);
    return lookup->list;
}
