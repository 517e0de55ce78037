#include "store/reserve.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct reserve {
    bool is_held;
    char path[];
};

/* posix_fallocate really allocates, so later the space is there to be given up. */
static bool allocate(const char *path, int64_t bytes)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool is_allocated = posix_fallocate(fd, 0, (off_t)bytes) == 0;
    close(fd);
    if (!is_allocated)
        unlink(path); /* a part of it would help nobody */
    return is_allocated;
}

enum err reserve_new(const char *path, int64_t bytes, struct reserve **ret, struct why *why)
{
    static const char suffix[] = ".reserve";
    size_t n = strlen(path) + sizeof suffix;
    struct reserve *reserve = calloc(1, sizeof(struct reserve) + n);
    if (reserve == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    snprintf(reserve->path, n, "%s%s", path, suffix);
    reserve->is_held = allocate(reserve->path, bytes);
    *ret = reserve;
    return ERR_NONE;
}

void reserve_free(struct reserve *reserve)
{
    free(reserve);
}

bool reserve_is_held(const struct reserve *reserve)
{
    return reserve->is_held;
}

void reserve_release(struct reserve *reserve)
{
    if (reserve->is_held)
        unlink(reserve->path);
    reserve->is_held = false;
}
