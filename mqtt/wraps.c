#include "mqtt/wraps.h"

#include "mqtt/secure.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static _Thread_local struct gate *attached; /* a list */
static _Thread_local struct gate *entered;  /* the one Paho is called for; NULL: it is not called */

/* The names are the linker's. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __real_connect(int fd, const struct sockaddr *address, socklen_t n);
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *n);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
ssize_t __real_recv(int fd, void *bytes, size_t n, int flags);
ssize_t __real_writev(int fd, const struct iovec *parts, int count);
int __real_SSL_connect(SSL *ssl);
int __real_SSL_read(SSL *ssl, void *bytes, int n);
int __real_SSL_write(SSL *ssl, const void *bytes, int n);
void __real_MQTTProtocol_keepalive(struct timespec now);

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *n);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
ssize_t __wrap_recv(int fd, void *bytes, size_t n, int flags);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);
int __wrap_SSL_connect(SSL *ssl);
int __wrap_SSL_read(SSL *ssl, void *bytes, int n);
int __wrap_SSL_write(SSL *ssl, const void *bytes, int n);
int __wrap_SSLSocket_getPendingRead(void);
void __wrap_MQTTProtocol_keepalive(struct timespec now);
void *__wrap_mymalloc(char *file, int line, size_t n);
void *__wrap_myrealloc(char *file, int line, void *p, size_t n);
void __wrap_myfree(char *file, int line, void *p);
void __wrap_StackTrace_entry(const char *function, int line, int level);
void __wrap_StackTrace_exit(const char *function, int line, void *rc, int level);

void wraps_attach(struct gate *gate)
{
    gate->next = attached;
    attached = gate;
}

void wraps_detach(struct gate *gate)
{
    for (struct gate **at = &attached; *at != NULL; at = &(*at)->next) {
        if (*at == gate) {
            *at = gate->next;
            gate->next = NULL;
            return;
        }
    }
}

void wraps_enter(struct gate *gate)
{
    assert(entered == NULL);
    entered = gate;
}

void wraps_leave(void)
{
    entered = NULL;
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
    if (fd < 0)
        return NULL;
    if (entered != NULL && entered->fd == fd)
        return entered;
    struct gate *gate = attached;
    while (gate != NULL && gate->fd != fd)
        gate = gate->next;
    return gate;
}

static struct gate *gate_of_ssl(const SSL *ssl)
{
    if (ssl == NULL)
        return NULL;
    if (entered != NULL && entered->ssl == ssl)
        return entered;
    struct gate *gate = attached;
    while (gate != NULL && gate->ssl != ssl)
        gate = gate->next;
    return gate;
}

/* An address to make a socket for. It is not connected to. */
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
    static const struct addrinfo any = {
        .ai_flags = AI_NUMERICHOST, .ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    bool is_pahos = entered != NULL && gate_wants_socket(entered);
    return is_pahos ? __real_getaddrinfo("0.0.0.0", NULL, &any, ret)
                    : __real_getaddrinfo(host, service, hints, ret);
}

/* Paho finds it connected when it waits for that: it mistakes a handshake of TLS that is over
 * within its very first call for a failure. */
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n)
{
    if (entered == NULL || !gate_wants_socket(entered))
        return __real_connect(fd, address, n);
    gate_takes_socket(entered, fd);
    errno = EINPROGRESS;
    return -1;
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
    if (entered == NULL)
        return __real_poll(fds, count, timeout_ms);
    struct pollfd *own = NULL;
    for (nfds_t i = 0; i < count; i++) {
        fds[i].revents = 0;
        if (fds[i].fd == entered->fd)
            own = &fds[i];
    }
    return own != NULL ? gate_poll(entered, own, timeout_ms) : 0;
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

/* While Paho waits its time limit is kept by gate_poll, so it has to come by there. */
int __wrap_SSLSocket_getPendingRead(void)
{
    bool has_more = entered != NULL && entered->ssl != NULL && !entered->is_waiting &&
                    !entered->is_cut && SSL_pending(entered->ssl) > 0;
    return has_more ? entered->fd : -1;
}

void __wrap_MQTTProtocol_keepalive(struct timespec now)
{
    if (entered == NULL || !entered->is_waiting)
        __real_MQTTProtocol_keepalive(now);
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
