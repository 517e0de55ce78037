#include "mqtt/password.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Bytes read, or -1 with errno. */
static ssize_t read_all(int fd, char *bytes, size_t max)
{
    size_t n = 0;
    while (n < max) {
        ssize_t got = read(fd, bytes + n, max - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

enum err password_read(struct password *password, const char *path, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return why_errno(why, "password file %s", path);
    ssize_t n = read_all(fd, password->bytes, sizeof password->bytes);
    enum err err = n < 0 ? why_errno(why, "password file %s", path) : ERR_NONE;
    close(fd);
    if (err != ERR_NONE)
        return err;
    if (n > 0 && password->bytes[n - 1] == '\n')
        n--;
    if (n > PASSWORD_MAX)
        return why_set(why, ERR_IO, NULL, "password file %s is longer than %d bytes", path,
                       PASSWORD_MAX);
    password->n = (size_t)n;
    return ERR_NONE;
}

void password_wipe(struct password *password)
{
    explicit_bzero(password, sizeof *password);
}
