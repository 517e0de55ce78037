#include "daemon/state_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum err state_folder_take(const char *path, int *ret_fd, struct why *why)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return why_errno(why, "state: cannot create directory %s", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return why_errno(why, "state: cannot open directory %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *ret_fd = fd;
        return ERR_NONE;
    }
    enum err err = errno == EWOULDBLOCK ? why_set(why, ERR_EXISTS, "state",
                                                  "state: another jobs-bridge uses %s", path)
                                        : why_errno(why, "state: cannot lock directory %s", path);
    close(fd);
    return err;
}
