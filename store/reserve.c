#include "store/reserve.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct reserve {
    int64_t bytes;
    int64_t look_ms; /* not to be looked at before */
    bool is_held;
    char path[];
};

enum err reserve_new(const char *path, int64_t bytes, struct reserve **ret, struct why *why)
{
    static const char suffix[] = ".reserve";
    size_t n = strlen(path) + sizeof suffix;
    struct reserve *reserve = calloc(1, sizeof(struct reserve) + n);
    if (reserve == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    snprintf(reserve->path, n, "%s%s", path, suffix);
    reserve->bytes = bytes;
    reserve->look_ms = INT64_MIN;
    *ret = reserve;
    return ERR_NONE;
}

void reserve_free(struct reserve *reserve)
{
    free(reserve);
}

/* A file that is there from an earlier run; one without its blocks helps nobody. */
static bool is_there(const struct reserve *reserve)
{
    struct stat info;
    return stat(reserve->path, &info) == 0 && info.st_size == reserve->bytes &&
           (int64_t)info.st_blocks * 512 >= reserve->bytes;
}

static bool has_disk_plenty(int fd, int64_t bytes)
{
    struct statvfs disk;
    return fstatvfs(fd, &disk) == 0 &&
           (uint64_t)disk.f_bavail >= 2 * (uint64_t)bytes / disk.f_frsize;
}

/* posix_fallocate really allocates, so later the space is there to be given up. */
static bool take(const struct reserve *reserve)
{
    int fd = open(reserve->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool is_taken =
        has_disk_plenty(fd, reserve->bytes) && posix_fallocate(fd, 0, (off_t)reserve->bytes) == 0;
    close(fd);
    if (!is_taken)
        unlink(reserve->path);
    return is_taken;
}

bool reserve_keep(struct reserve *reserve, int64_t mono_ms)
{
    if (reserve->is_held || mono_ms < reserve->look_ms)
        return reserve->is_held;
    reserve->look_ms = mono_ms + RESERVE_LOOK_MS;
    reserve->is_held = is_there(reserve) || take(reserve);
    return reserve->is_held;
}

bool reserve_release(struct reserve *reserve, int64_t mono_ms)
{
    bool was_there = unlink(reserve->path) == 0;
    reserve->is_held = false;
    reserve->look_ms = mono_ms + RESERVE_LOOK_MS;
    return was_there;
}
