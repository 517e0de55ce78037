#include "local/keyfile.h"

#include "base/buf.h"
#include "base/chance.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The forms of AWS's long-lived keys. */
#define ACCESS_KEY_PREFIX "AKIA"
#define ACCESS_KEY_RANDOM 16
#define SECRET_KEY_LENGTH 40
#define FILE_BYTES_MAX    256

static const char access_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char secret_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void add_random(struct buf *out, const char *alphabet, size_t count)
{
    size_t letters = strlen(alphabet);
    for (size_t i = 0; i < count; i++)
        buf_add_byte(out, alphabet[chance_below(letters)]);
}

static void write_keys(struct buf *out)
{
    buf_add_text(out, "[default]\naws_access_key_id = " ACCESS_KEY_PREFIX);
    add_random(out, access_alphabet, ACCESS_KEY_RANDOM);
    buf_add_text(out, "\naws_secret_access_key = ");
    add_random(out, secret_alphabet, SECRET_KEY_LENGTH);
    buf_add_text(out, "\n");
}

static enum err write_all(int fd, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        bytes = (struct str){bytes.p + n, bytes.n - (size_t)n};
    }
    return fsync(fd) == 0 ? ERR_NONE : ERR_IO;
}

/* A new name is durable once its directory is. */
static enum err sync_directory(const char *path, struct why *why)
{
    char copy[PATH_MAX];
    int n = snprintf(copy, sizeof copy, "%s", path);
    if (n < 0 || (size_t)n >= sizeof copy)
        return why_set(why, ERR_INVALID, NULL, "%s: the path is too long", path);
    const char *directory = dirname(copy);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = fd >= 0 && fsync(fd) == 0 ? ERR_NONE : why_errno(why, "%s", directory);
    if (fd >= 0)
        close(fd);
    return err;
}

/* The keys under another name, which becomes the right one only once they are on the disk. */
static enum err write_temporary(char *temporary, struct why *why)
{
    int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return why_errno(why, "%s", temporary);
    struct buf keys;
    buf_init(&keys, FILE_BYTES_MAX);
    write_keys(&keys);
    enum err err = buf_err(&keys);
    if (err == ERR_NONE && write_all(fd, buf_str(&keys)) != ERR_NONE)
        err = why_errno(why, "%s", temporary);
    if (keys.p != NULL)
        explicit_bzero(keys.p, keys.n);
    buf_fini(&keys);
    close(fd);
    if (err != ERR_NONE)
        unlink(temporary);
    return err;
}

static enum err create(const char *path, struct why *why)
{
    char temporary[PATH_MAX];
    int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return why_set(why, ERR_INVALID, NULL, "%s: the path is too long", path);
    enum err err = write_temporary(temporary, why);
    if (err != ERR_NONE)
        return err;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return sync_directory(path, why);
    err = errno == EEXIST ? ERR_NONE : why_errno(why, "%s", path);
    unlink(temporary);
    return err;
}

enum err keyfile_ensure(const char *path, struct why *why)
{
    if (access(path, F_OK) == 0)
        return ERR_NONE;
    return errno == ENOENT ? create(path, why) : why_errno(why, "%s", path);
}
