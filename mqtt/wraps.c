#include "mqtt/wraps.h"

#include "mqtt/secure.h"

#include <errno.h>
#include <malloc.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static _Thread_local struct gate *the_gate;

/* The names are the linker's. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_connect(int fd, const struct sockaddr *address, socklen_t n);
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *n);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
ssize_t __real_recv(int fd, void *bytes, size_t n, int flags);
ssize_t __real_writev(int fd, const struct iovec *parts, int count);
int __real_SSL_connect(SSL *ssl);
int __real_SSL_read(SSL *ssl, void *bytes, int n);
int __real_SSL_write(SSL *ssl, const void *bytes, int n);

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *n);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
ssize_t __wrap_recv(int fd, void *bytes, size_t n, int flags);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);
int __wrap_SSL_connect(SSL *ssl);
int __wrap_SSL_read(SSL *ssl, void *bytes, int n);
int __wrap_SSL_write(SSL *ssl, const void *bytes, int n);
void *__wrap_mymalloc(char *file, int line, size_t n);
void *__wrap_myrealloc(char *file, int line, void *p, size_t n);
void __wrap_myfree(char *file, int line, void *p);
void __wrap_StackTrace_entry(const char *function, int line, int level);
void __wrap_StackTrace_exit(const char *function, int line, void *rc, int level);

bool wraps_attach(struct gate *gate)
{
    if (the_gate != NULL)
        return false;
    the_gate = gate;
    return true;
}

void wraps_detach(const struct gate *gate)
{
    if (the_gate == gate)
        the_gate = NULL;
}

int wraps_ssl_write(SSL *ssl, const void *bytes, int n)
{
    return __real_SSL_write(ssl, bytes, n);
}

ssize_t wraps_recv(int fd, void *bytes, size_t n, int flags)
{
    return __real_recv(fd, bytes, n, flags);
}

int wraps_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    return __real_poll(fds, count, timeout_ms);
}

static struct gate *gate_of(int fd)
{
    return the_gate != NULL && fd >= 0 && the_gate->fd == fd ? the_gate : NULL;
}

static struct gate *gate_of_ssl(const SSL *ssl)
{
    return the_gate != NULL && the_gate->ssl == ssl ? the_gate : NULL;
}

/* While the gate is open and has no socket, the next one connected on this thread is Paho's. */
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n)
{
    int rc = __real_connect(fd, address, n);
    int error = errno;
    if (the_gate != NULL && the_gate->is_waiting && the_gate->fd < 0)
        gate_takes_socket(the_gate, fd, rc == 0 ? 0 : error);
    errno = error;
    return rc;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *n)
{
    int rc = __real_getsockopt(fd, level, name, value, n);
    struct gate *gate = gate_of(fd);
    if (gate != NULL && rc == 0 && level == SOL_SOCKET && name == SO_ERROR && *n == sizeof(int))
        gate_takes_error(gate, *(int *)value);
    return rc;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct gate *gate = count == 1 ? gate_of(fds[0].fd) : NULL;
    return gate != NULL ? gate_poll(gate, fds, timeout_ms) : __real_poll(fds, count, timeout_ms);
}

ssize_t __wrap_recv(int fd, void *bytes, size_t n, int flags)
{
    struct gate *gate = gate_of(fd);
    return gate != NULL ? gate_recv(gate, bytes, n, flags) : __real_recv(fd, bytes, n, flags);
}

ssize_t __wrap_writev(int fd, const struct iovec *parts, int count)
{
    struct gate *gate = gate_of(fd);
    if (gate == NULL)
        return __real_writev(fd, parts, count);
    gate_takes_packet(gate, parts, count);
    ssize_t n = 0;
    for (int i = 0; i < count; i++)
        n += (ssize_t)parts[i].iov_len;
    return n;
}

int __wrap_SSL_connect(SSL *ssl)
{
    struct gate *gate = gate_of(SSL_get_fd(ssl));
    if (gate == NULL)
        return __real_SSL_connect(ssl);
    if (!gate_takes_ssl(gate, ssl)) {
        ERR_raise(ERR_LIB_USER, ERR_R_OPERATION_FAIL); /* so that Paho does not wait for it */
        return -1;
    }
    int rc = __real_SSL_connect(ssl);
    if (rc != 1)
        secure_failure(ssl, rc, &gate->problem);
    return rc;
}

int __wrap_SSL_read(SSL *ssl, void *bytes, int n)
{
    struct gate *gate = gate_of_ssl(ssl);
    if (gate != NULL && gate->is_cut)
        return 0;
    int got = __real_SSL_read(ssl, bytes, n);
    if (gate != NULL && got > 0)
        gate_hears(gate, bytes, (size_t)got);
    else if (gate != NULL)
        secure_alert(ssl, got, &gate->problem);
    return got;
}

int __wrap_SSL_write(SSL *ssl, const void *bytes, int n)
{
    struct gate *gate = gate_of_ssl(ssl);
    if (gate == NULL)
        return __real_SSL_write(ssl, bytes, n);
    struct iovec whole = {.iov_base = (void *)bytes, .iov_len = (size_t)n};
    gate_takes_packet(gate, &whole, 1);
    return n;
}

/* NOLINTBEGIN(readability-non-const-parameter) */
void *__wrap_mymalloc(char *file, int line, size_t n)
{
    (void)file;
    (void)line;
    return malloc(n);
}

void *__wrap_myrealloc(char *file, int line, void *p, size_t n)
{
    (void)file;
    (void)line;
    return realloc(p, n);
}

void __wrap_myfree(char *file, int line, void *p)
{
    (void)file;
    (void)line;
    if (p != NULL)
        explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

void __wrap_StackTrace_entry(const char *function, int line, int level)
{
    (void)function;
    (void)line;
    (void)level;
}

void __wrap_StackTrace_exit(const char *function, int line, void *rc, int level)
{
    (void)function;
    (void)line;
    (void)rc;
    (void)level;
}
/* NOLINTEND(readability-non-const-parameter) */
/* NOLINTEND(bugprone-reserved-identifier) */
