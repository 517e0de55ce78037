#include "mqtt/broker_url.h"

#include <stdio.h>
#include <strings.h>

#define PORT_PLAIN 1883
#define PORT_TLS   8883
#define PORT_HTTPS 443

/* "MQTT with a client's certificate", in the form of the TLS extension. */
#define ALPN_AWS_IOT "\x0ex-amzn-mqtt-ca"

static bool take_scheme(struct str *rest, struct broker_url *url)
{
    static const struct str schemes[] = {{"mqtt://", 7}, {"mqtts://", 8}};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (str_starts(*rest, schemes[i])) {
            url->is_tls = i == 1;
            url->port = url->is_tls ? PORT_TLS : PORT_PLAIN;
            *rest = (struct str){rest->p + schemes[i].n, rest->n - schemes[i].n};
            return true;
        }
    }
    return false;
}

static bool is_host_byte(char c, bool is_v6)
{
    bool is_digit = c >= '0' && c <= '9';
    if (is_v6)
        return is_digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
    return is_digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_';
}

/* Cuts host or [host] off; what is left is "" or ":port". */
static bool take_host(struct str *rest, struct broker_url *url)
{
    bool is_v6 = rest->n > 0 && rest->p[0] == '[';
    size_t start = is_v6 ? 1 : 0;
    size_t n = start;
    while (n < rest->n && is_host_byte(rest->p[n], is_v6))
        n++;
    if (n == start || n - start > BROKER_URL_HOST_MAX)
        return false;
    if (is_v6 && (n == rest->n || rest->p[n++] != ']'))
        return false;
    snprintf(url->host, sizeof url->host, "%.*s", (int)n, rest->p);
    *rest = (struct str){rest->p + n, rest->n - n};
    return true;
}

static bool take_port(struct str rest, struct broker_url *url)
{
    if (rest.n == 0)
        return true;
    int64_t port;
    if (rest.p[0] != ':' || !str_to_int((struct str){rest.p + 1, rest.n - 1}, 1, 65535, &port))
        return false;
    url->port = (int)port;
    return true;
}

enum err broker_url_parse(struct str text, struct broker_url *ret, struct why *why)
{
    struct broker_url url = {0};
    struct str rest = text;
    if (!take_scheme(&rest, &url))
        return why_set(why, ERR_INVALID, "url", "must start with mqtt:// or mqtts://");
    if (!take_host(&rest, &url))
        return why_set(why, ERR_INVALID, "url", "has no valid host name");
    if (!take_port(rest, &url))
        return why_set(why, ERR_INVALID, "url",
                       "must end after the host or in a port of 1 to 65535");
    /* Paho compares the certificate with the bracketed text, so no IPv6 address could ever match.
     */
    if (url.is_tls && url.host[0] == '[')
        return why_set(why, ERR_INVALID, "url", "mqtts:// needs a host name or an IPv4 address");
    *ret = url;
    return ERR_NONE;
}

/* Host names have no case. */
static bool is_word(struct str s, const char *word)
{
    return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

/* <account>.iot.<region>.amazonaws.com, and .com.cn in China. */
static bool is_aws_iot(struct str host)
{
    struct str account = str_cut(&host, '.');
    struct str service = str_cut(&host, '.');
    struct str region = str_cut(&host, '.');
    return account.n > 0 && (is_word(service, "iot") || is_word(service, "iot-fips")) &&
           region.n > 0 && (is_word(host, "amazonaws.com") || is_word(host, "amazonaws.com.cn"));
}

struct str broker_url_alpn(const struct broker_url *url)
{
    if (!url->is_tls || url->port != PORT_HTTPS || !is_aws_iot(str_of(url->host)))
        return STR_NONE;
    return STR(ALPN_AWS_IOT);
}
