#include "mqtt/secure.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* Unlike others, SSL_set_alpn_protos returns 0 when all is well. (Paho's own option for it frees
 * what it is given.) */
static bool set_alpn(SSL *ssl, struct str list)
{
    return str_is_absent(list) ||
           SSL_set_alpn_protos(ssl, (const unsigned char *)list.p, (unsigned)list.n) == 0;
}

enum err secure_prepare(SSL *ssl, const struct broker_url *url, struct why *why)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    bool is_ready = SSL_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
                    (X509_VERIFY_PARAM_set1_ip_asc(param, url->host) == 1 ||
                     X509_VERIFY_PARAM_set1_host(param, url->host, 0) == 1) &&
                    set_alpn(ssl, broker_url_alpn(url));
    /* What is not an address leaves an error behind, which is none of the handshake's. */
    ERR_clear_error();
    if (!is_ready)
        return why_set(why, ERR_NO_MEMORY, NULL, "TLS could not be set up");
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    /* The gate writes from a buffer that moves, and goes on where it stopped. */
    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return ERR_NONE;
}

enum err secure_failure(SSL *ssl, int rc, struct why *why)
{
    int error = SSL_get_error(ssl, rc);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return ERR_NONE;
    long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK)
        return why_set(why, ERR_REFUSED, NULL, "the broker's certificate was not accepted: %s",
                       X509_verify_cert_error_string(verdict));
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return why_set(why, ERR_DOWN, NULL, "TLS handshake failed: %s",
                   reason != NULL ? reason : "the connection was closed");
}

void secure_alert(SSL *ssl, int rc, struct why *why)
{
    if (SSL_get_error(ssl, rc) != SSL_ERROR_SSL)
        return;
    unsigned long error = ERR_peek_last_error();
    if (ERR_GET_REASON(error) > SSL_AD_REASON_OFFSET)
        why_set(why, ERR_REFUSED, NULL, "the broker ended the connection: %s",
                ERR_reason_error_string(error));
}
