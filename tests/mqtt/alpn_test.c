/* A TLS server in the place of AWS IoT Core: what a link asks it for in the handshake. */
#include "base/log.h"
#include "tests/check.h"
#include "tests/fakes/broker_process.h"
#include "tests/mqtt/rig.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AWS_HOST   "a1b2-ats.iot.eu-central-1.amazonaws.com"
#define OTHER_HOST "broker.example"
#define ALPN       "\x0ex-amzn-mqtt-ca"

/* Serves one connection: handshake, CONNACK, and then it only listens. */
static struct server {
    int listen_fd;
    in_port_t port;
    pthread_t thread;
    SSL_CTX *tls;
    char alpn[64]; /* what was asked for; "" if nothing */
    char name[128];
} server;

static struct rig *rig;
static char dir[] = "/tmp/alpn-XXXXXX";
static char certificate[64];
static char key[64];
static int port_asked; /* by Paho */

/* The test stands between Paho and the network, so that any name and any port are the server's.
 * The names are the linker's. */
typedef int getaddrinfo_fn(const char *host, const char *service, const struct addrinfo *hints,
                           struct addrinfo **ret);
getaddrinfo_fn alpn_test_getaddrinfo __asm__("getaddrinfo");
int alpn_test_connect(int fd, const struct sockaddr *address, socklen_t n) __asm__("connect");

int alpn_test_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                          struct addrinfo **ret)
{
    (void)host;
    getaddrinfo_fn *real = (getaddrinfo_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
    return real("127.0.0.1", service, hints, ret);
}

int alpn_test_connect(int fd, const struct sockaddr *address, socklen_t n)
{
    struct sockaddr_in there;
    if (n != sizeof there)
        return (int)syscall(SYS_connect, fd, address, n);
    memcpy(&there, address, sizeof there);
    port_asked = ntohs(there.sin_port);
    there.sin_port = server.port;
    return (int)syscall(SYS_connect, fd, &there, n);
}

static int choose(SSL *ssl, const unsigned char **ret, unsigned char *ret_n,
                  const unsigned char *list, unsigned list_n, void *context)
{
    (void)ssl;
    (void)context;
    snprintf(server.alpn, sizeof server.alpn, "%.*s", (int)list_n, (const char *)list);
    if (strcmp(server.alpn, ALPN) != 0)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret = list + 1;
    *ret_n = list[0];
    return SSL_TLSEXT_ERR_OK;
}

static void speak(SSL *ssl)
{
    static const unsigned char connack[] = {0x20, 3, 0, 0, 0};
    char bytes[256];
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(server.name, sizeof server.name, "%s", name != NULL ? name : "");
    if (SSL_read(ssl, bytes, sizeof bytes) > 0 && SSL_write(ssl, connack, sizeof connack) > 0)
        while (SSL_read(ssl, bytes, sizeof bytes) > 0)
            continue;
}

static void *serve(void *context)
{
    (void)context;
    int fd = accept(server.listen_fd, NULL, NULL);
    if (fd < 0)
        return NULL;
    SSL *ssl = SSL_new(server.tls);
    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1)
        speak(ssl);
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static void connect_to(const char *url)
{
    struct mqtt_options options = rig_options(url, 5);
    options.filter_count = 0;
    options.ca_file = certificate;
    server.alpn[0] = server.name[0] = '\0';
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
    rig_start(rig, &options);
    rig_until_up(rig);
    rig_end(rig);
    assert_int_equal(pthread_join(server.thread, NULL), 0);
}

static void test_aws_on_port_443(void **state)
{
    (void)state;
    connect_to("mqtts://" AWS_HOST ":443");
    assert_int_equal(port_asked, 443);
    assert_string_equal(server.alpn, ALPN);
    assert_string_equal(server.name, AWS_HOST);
}

static void test_aws_on_its_own_port(void **state)
{
    (void)state;
    connect_to("mqtts://" AWS_HOST);
    assert_int_equal(port_asked, 8883);
    assert_string_equal(server.alpn, "");
    assert_string_equal(server.name, AWS_HOST);
}

static void test_others_on_port_443(void **state)
{
    (void)state;
    connect_to("mqtts://" OTHER_HOST ":443");
    assert_int_equal(port_asked, 443);
    assert_string_equal(server.alpn, "");
}

static void make_certificate(void)
{
    assert_non_null(mkdtemp(dir));
    snprintf(certificate, sizeof certificate, "%s/server.pem", dir);
    snprintf(key, sizeof key, "%s/server.key", dir);
    const char *const argv[] = {"/usr/bin/openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "rsa:2048",
                                "-nodes",
                                "-days",
                                "2",
                                "-subj",
                                "/CN=server",
                                "-addext",
                                "subjectAltName=DNS:" AWS_HOST ",DNS:" OTHER_HOST,
                                "-keyout",
                                key,
                                "-out",
                                certificate,
                                NULL};
    assert_int_equal(broker_process_run(argv, NULL), 0);
}

static void listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    server.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server.listen_fd >= 0);
    assert_int_equal(bind(server.listen_fd, (struct sockaddr *)&address, n), 0);
    assert_int_equal(listen(server.listen_fd, 1), 0);
    assert_int_equal(getsockname(server.listen_fd, (struct sockaddr *)&address, &n), 0);
    server.port = address.sin_port;
}

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    make_certificate();
    listen_somewhere();
    server.tls = SSL_CTX_new(TLS_server_method());
    assert_non_null(server.tls);
    assert_int_equal(SSL_CTX_use_certificate_file(server.tls, certificate, SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(server.tls, key, SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_alpn_select_cb(server.tls, choose, NULL);
    rig = calloc(1, sizeof *rig);
    return rig == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    SSL_CTX_free(server.tls);
    close(server.listen_fd);
    free(rig);
    broker_process_run((const char *const[]){"/bin/rm", "-rf", dir, NULL}, NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aws_on_port_443),
        cmocka_unit_test(test_aws_on_its_own_port),
        cmocka_unit_test(test_others_on_port_443),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
