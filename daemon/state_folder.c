#include "daemon/state_folder.h"

#include "base/now.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool lock(int fd)
{
    int64_t deadline_ms = now_mono_ms() + STATE_FOLDER_PATIENCE_MS;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || now_mono_ms() >= deadline_ms)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return true;
}

enum err state_folder_take(const char *path, int *ret_fd, struct why *why)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return why_errno(why, "state: cannot create directory %s", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return why_errno(why, "state: cannot open directory %s", path);
    if (lock(fd)) {
        *ret_fd = fd;
        return ERR_NONE;
    }
    enum err err = errno == EWOULDBLOCK ? why_set(why, ERR_EXISTS, "state",
                                                  "state: another jobs-bridge uses %s", path)
                                        : why_errno(why, "state: cannot lock directory %s", path);
    close(fd);
    return err;
}
