#include "mqtt/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((off_t)4 * 1024 * 1024) /* the system's whole trust store has 0.2 MiB */

static const char *const names[TLS_FILE_COUNT] = {"ca_file", "cert_file", "key_file"};

static bool is_there(const struct tls_copy *copy)
{
    return copy->path[0] != '\0';
}

static void drop_copies(struct tls_copy copies[TLS_FILE_COUNT])
{
    for (int i = 0; i < TLS_FILE_COUNT; i++) {
        if (is_there(&copies[i]))
            close(copies[i].fd);
        copies[i] = (struct tls_copy){0};
    }
}

static enum err fill_copy(struct tls_copy *copy, int from, off_t left, const char *name,
                          struct why *why)
{
    while (left > 0) {
        ssize_t n = sendfile(copy->fd, from, NULL, (size_t)left);
        if (n < 0)
            return why_errno(why, "%s", name);
        if (n == 0)
            return why_set(why, ERR_INVALID, name, "became shorter while it was read");
        left -= n;
    }
    return ERR_NONE;
}

static enum err open_copy(struct tls_copy *copy, int from, const char *name, struct why *why)
{
    struct stat file;
    if (fstat(from, &file) != 0)
        return why_errno(why, "%s", name);
    if (!S_ISREG(file.st_mode) || file.st_size > FILE_BYTES_MAX)
        return why_set(why, ERR_INVALID, name, "is no file of at most %lld bytes",
                       (long long)FILE_BYTES_MAX);
    copy->fd = memfd_create("jobs-bridge-tls", MFD_CLOEXEC);
    if (copy->fd < 0)
        return why_errno(why, "%s", name);
    snprintf(copy->path, sizeof copy->path, "/proc/self/fd/%d", copy->fd);
    return fill_copy(copy, from, file.st_size, name, why);
}

static enum err copy_file(struct tls_copy *copy, const char *path, const char *name,
                          struct why *why)
{
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (from < 0)
        return why_set(why, ERR_INVALID, name, "cannot be read: %s", strerror(errno));
    enum err err = open_copy(copy, from, name, why);
    close(from);
    return err;
}

/* There is nobody to ask: an encrypted key is refused instead of a prompt on the terminal. */
static int have_no_passphrase(char *bytes, int size, int is_for_writing, void *context)
{
    (void)is_for_writing;
    (void)context;
    if (size > 0)
        bytes[0] = '\0';
    return 0;
}

static enum err refuse(enum tls_file which, const char *what, struct why *why)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    why_set(why, ERR_INVALID, names[which], "%s%s%s", what, reason != NULL ? ": " : "",
            reason != NULL ? reason : "");
    ERR_clear_error();
    return ERR_INVALID;
}

static enum err check_copies(SSL_CTX *context, const struct tls_copy copies[TLS_FILE_COUNT],
                             struct why *why)
{
    const struct tls_copy *ca = &copies[TLS_FILE_CA];
    const struct tls_copy *cert = &copies[TLS_FILE_CERT];
    const struct tls_copy *key = &copies[TLS_FILE_KEY];
    SSL_CTX_set_default_passwd_cb(context, have_no_passphrase);
    ERR_clear_error();
    if (is_there(ca) && SSL_CTX_load_verify_locations(context, ca->path, NULL) != 1)
        return refuse(TLS_FILE_CA, "holds no certificates in PEM", why);
    if (is_there(cert) && SSL_CTX_use_certificate_chain_file(context, cert->path) != 1)
        return refuse(TLS_FILE_CERT, "holds no certificate in PEM that may be used", why);
    if (is_there(key) && SSL_CTX_use_PrivateKey_file(context, key->path, SSL_FILETYPE_PEM) != 1)
        return refuse(TLS_FILE_KEY, "holds no key in PEM that fits the certificate", why);
    return ERR_NONE;
}

static enum err check_all(const struct tls_copy copies[TLS_FILE_COUNT], struct why *why)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "TLS could not be set up");
    enum err err = check_copies(context, copies, why);
    SSL_CTX_free(context);
    return err;
}

enum err tls_files_take(struct tls_files *files, struct why *why)
{
    struct tls_copy copies[TLS_FILE_COUNT] = {0};
    enum err err = ERR_NONE;
    for (int i = 0; i < TLS_FILE_COUNT; i++)
        if (files->paths[i] != NULL && stat(files->paths[i], &files->tried[i]) != 0)
            files->tried[i] = (struct stat){0};
    for (int i = 0; i < TLS_FILE_COUNT && err == ERR_NONE; i++)
        if (files->paths[i] != NULL)
            err = copy_file(&copies[i], files->paths[i], names[i], why);
    if (err == ERR_NONE)
        err = check_all(copies, why);
    if (err != ERR_NONE) {
        drop_copies(copies);
        return err;
    }
    drop_copies(files->copies);
    memcpy(files->copies, copies, sizeof copies);
    return ERR_NONE;
}

enum err tls_files_init(struct tls_files *files, const char *const paths[TLS_FILE_COUNT],
                        struct why *why)
{
    *files = (struct tls_files){0};
    for (int i = 0; i < TLS_FILE_COUNT; i++)
        files->paths[i] = paths[i];
    return tls_files_take(files, why);
}

void tls_files_fini(struct tls_files *files)
{
    drop_copies(files->copies);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* A file that is not there for a moment is being replaced. */
bool tls_files_have_changed(const struct tls_files *files)
{
    bool has_changed = false;
    for (int i = 0; i < TLS_FILE_COUNT; i++) {
        struct stat now;
        if (files->paths[i] == NULL)
            continue;
        if (stat(files->paths[i], &now) != 0)
            return false;
        has_changed = has_changed || !is_same(&now, &files->tried[i]);
    }
    return has_changed;
}

const char *tls_files_path(const struct tls_files *files, enum tls_file which)
{
    const struct tls_copy *copy = &files->copies[which];
    return is_there(copy) ? copy->path : NULL;
}
