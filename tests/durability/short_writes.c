/*
 * To be preloaded: pwrite and send take only half of more than one byte, as a nearly full disk or
 * socket may. Says once on standard error that it is in effect.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

/* The names by which the program knows them. */
ssize_t short_writes_pwrite(int fd, const void *data, size_t n, off64_t at) __asm__("pwrite64");
ssize_t short_writes_send(int fd, const void *data, size_t n, int flags) __asm__("send");

static size_t half(size_t n)
{
    return n > 1 ? (n + 1) / 2 : n;
}

ssize_t short_writes_pwrite(int fd, const void *data, size_t n, off64_t at)
{
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (real == NULL) {
        static const char note[] = "short writes\n";
        real = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
        ssize_t written = write(STDERR_FILENO, note, sizeof note - 1);
        (void)written;
    }
    return real(fd, data, half(n), at);
}

ssize_t short_writes_send(int fd, const void *data, size_t n, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);
    if (real == NULL)
        real = (ssize_t(*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send");
    return real(fd, data, half(n), flags);
}
