/* What the client accepts of a TLS server, against one with a certificate of its own making. */
#include "base/now.h"
#include "http/http.h"
#include "tests/check.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

struct tls_server {
    SSL_CTX *context;
    int fd;
    unsigned port;
    char ca_file[64];
    pthread_t thread;
};

static X509 *self_signed(EVP_PKEY *key, const char *names)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static void write_certificate(X509 *certificate, char path[64])
{
    snprintf(path, 64, "/tmp/jobs-bridge-ca-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
}

/* One connection, one answer, if the client goes along. */
static void *serve(void *context)
{
    const struct tls_server *server = context;
    int fd = accept(server->fd, NULL, NULL);
    SSL *ssl = SSL_new(server->context);
    char request[4096];
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0)
        SSL_write(ssl, OK_ANSWER, sizeof OK_ANSWER - 1);
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static void start_server(struct tls_server *server, const char *names, int max_version)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = self_signed(key, names);
    write_certificate(certificate, server->ca_file);
    server->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(server->context, 0);
    assert_int_equal(SSL_CTX_set_max_proto_version(server->context, max_version), 1);
    assert_int_equal(SSL_CTX_use_certificate(server->context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->context, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);

    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t n = sizeof address;
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, n), 0);
    assert_int_equal(listen(server->fd, 1), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &n), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop_server(struct tls_server *server)
{
    pthread_join(server->thread, NULL);
    close(server->fd);
    SSL_CTX_free(server->context);
    unlink(server->ca_file);
}

struct outcome {
    bool is_done;
    int status;
    char problem[256];
};

static void on_done(void *context, const struct http_answer *answer)
{
    struct outcome *outcome = context;
    outcome->is_done = true;
    outcome->status = answer->status;
    snprintf(outcome->problem, sizeof outcome->problem, "%s",
             answer->problem != NULL ? answer->problem : "");
}

static struct outcome ask(const struct tls_server *server, const char *ca_file)
{
    struct outcome outcome = {0};
    struct http *http = NULL;
    char url[64];
    const struct http_options options = {.connections_max = 1, .ca_file = ca_file};
    assert_int_equal(http_new(&options, &http, NULL), ERR_NONE);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", server->port);
    const struct http_request request = {.method = "GET", .url = url, .timeout_ms = 5000};
    assert_int_equal(http_start(http, &request, on_done, &outcome), ERR_NONE);
    int64_t limit = now_mono_ms() + 10000;
    while (!outcome.is_done && now_mono_ms() < limit) {
        http_wait(http, NULL, 0, 1000);
        http_turn(http);
    }
    assert_true(outcome.is_done);
    http_free(http);
    return outcome;
}

static void a_known_certificate_for_the_host_is_accepted(void **state)
{
    (void)state;
    struct tls_server server;
    start_server(&server, "IP:127.0.0.1", TLS1_3_VERSION);
    assert_int_equal(ask(&server, server.ca_file).status, 200);
    stop_server(&server);
}

static void an_unknown_certificate_is_refused(void **state)
{
    (void)state;
    struct tls_server server;
    start_server(&server, "IP:127.0.0.1", TLS1_3_VERSION);
    struct outcome outcome = ask(&server, NULL);
    assert_int_equal(outcome.status, 0);
    check_has(outcome.problem, "certificate");
    stop_server(&server);
}

static void a_certificate_for_another_host_is_refused(void **state)
{
    (void)state;
    struct tls_server server;
    start_server(&server, "DNS:example.com,IP:127.0.0.2", TLS1_3_VERSION);
    struct outcome outcome = ask(&server, server.ca_file);
    assert_int_equal(outcome.status, 0);
    check_has(outcome.problem, "127.0.0.1");
    stop_server(&server);
}

static void tls_before_1_2_is_refused(void **state)
{
    (void)state;
    struct tls_server server;
    start_server(&server, "IP:127.0.0.1", TLS1_1_VERSION);
    struct outcome outcome = ask(&server, server.ca_file);
    assert_int_equal(outcome.status, 0);
    check_has(outcome.problem, "protocol version");
    stop_server(&server);
    start_server(&server, "IP:127.0.0.1", TLS1_2_VERSION);
    assert_int_equal(ask(&server, server.ca_file).status, 200);
    stop_server(&server);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as http.h asks of the process */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_certificate_for_the_host_is_accepted),
        cmocka_unit_test(an_unknown_certificate_is_refused),
        cmocka_unit_test(a_certificate_for_another_host_is_refused),
        cmocka_unit_test(tls_before_1_2_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
