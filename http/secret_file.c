#include "http/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void secret_file_free(struct secret_file *file)
{
    if (file->bytes != NULL)
        OPENSSL_cleanse(file->bytes, file->capacity);
    free(file->bytes);
    *file = (struct secret_file){0};
}

static enum err read_all(int fd, const char *path, struct secret_file *file, struct why *why)
{
    size_t n = 0;
    while (n < file->capacity) {
        ssize_t got = read(fd, file->bytes + n, file->capacity - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return why_errno(why, "%s", path);
        if (got == 0) {
            file->text = (struct str){file->bytes, n};
            return ERR_NONE;
        }
        n += (size_t)got;
    }
    return why_set(why, ERR_INVALID, NULL, "%s is larger than %zu bytes", path, file->capacity - 1);
}

/* An empty file to those who want none. */
static bool is_null_device(const struct stat *status)
{
    return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

/* Not blocking and only regular files, so that a pipe in the file's place cannot hold us up. */
static enum err open_file(const char *path, int *ret_fd, bool *ret_is_private, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return why_set(why, ERR_NOT_FOUND, NULL, "there is no %s", path);
    if (fd < 0)
        return why_errno(why, "%s", path);
    struct stat status;
    if (fstat(fd, &status) != 0 || !(S_ISREG(status.st_mode) || is_null_device(&status))) {
        close(fd);
        return why_set(why, ERR_INVALID, NULL, "%s is no regular file", path);
    }
    *ret_fd = fd;
    *ret_is_private = (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    return ERR_NONE;
}

enum err secret_file_read(const char *path, size_t bytes_max, struct secret_file *ret,
                          struct why *why)
{
    int fd = -1;
    struct secret_file file = {.capacity = bytes_max + 1};
    enum err err = open_file(path, &fd, &file.is_private, why);
    if (err != ERR_NONE)
        return err;
    file.bytes = malloc(file.capacity);
    if (file.bytes == NULL)
        err = why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    else
        err = read_all(fd, path, &file, why);
    close(fd);
    if (err != ERR_NONE)
        secret_file_free(&file);
    else
        *ret = file;
    return err;
}
