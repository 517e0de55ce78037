#include "http/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>

/* The first row whose prefix fits. Source: AWS's partition table. */
static const struct {
    struct str region_prefix;
    const char *domain;
} partitions[] = {
    {STR("cn-"), "amazonaws.com.cn"},   {STR("eusc-"), "amazonaws.eu"},
    {STR("us-isob-"), "sc2s.sgov.gov"}, {STR("us-isof-"), "csp.hci.ic.gov"},
    {STR("us-iso-"), "c2s.ic.gov"},     {STR("eu-isoe-"), "cloud.adc-e.uk"},
    {STR(""), "amazonaws.com"},
};

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool endpoint_region_is_valid(struct str region)
{
    if (region.n == 0 || region.n > ENDPOINT_REGION_MAX)
        return false;
    for (size_t i = 0; i < region.n; i++)
        if (!is_lower_alnum(region.p[i]) && region.p[i] != '-')
            return false;
    return true;
}

enum err endpoint_of_service(const char *service, struct str region, struct endpoint *ret,
                             struct why *why)
{
    if (!endpoint_region_is_valid(region))
        return why_set(why, ERR_INVALID, NULL, "expected a region such as us-east-1, not \"%.*s\"",
                       STR_ARG(region));
    size_t i = 0;
    while (!str_starts(region, partitions[i].region_prefix))
        i++;
    snprintf(ret->host, sizeof ret->host, "%s.%.*s.%s", service, STR_ARG(region),
             partitions[i].domain);
    snprintf(ret->url, sizeof ret->url, "https://%s", ret->host);
    return ERR_NONE;
}

enum err endpoint_of_region(struct str region, struct endpoint *ret, struct why *why)
{
    return endpoint_of_service("iot", region, ret, why);
}

/* The address between the brackets of an IPv6 host is checked by inet_pton alone. */
static bool is_host(struct str host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (host.n >= 2 && host.p[0] == '[') {
        if (host.p[host.n - 1] != ']' || host.n - 2 >= sizeof text)
            return false;
        snprintf(text, sizeof text, "%.*s", (int)host.n - 2, host.p + 1);
        return inet_pton(AF_INET6, text, &address) == 1;
    }
    if (host.n == 0 || host.n > 253)
        return false;
    for (size_t i = 0; i < host.n; i++)
        if (!is_lower_alnum(host.p[i]) && host.p[i] != '-' && host.p[i] != '.')
            return false;
    return is_lower_alnum(host.p[0]) && is_lower_alnum(host.p[host.n - 1]);
}

static bool is_loopback(struct str host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (str_eq_text(host, "localhost") || str_eq_text(host, "[::1]"))
        return true;
    if (host.n >= sizeof text)
        return false;
    snprintf(text, sizeof text, "%.*s", STR_ARG(host));
    return inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/* At AWS, with the label "iot" anywhere but in front. ret_region is the label behind it. */
static bool is_data_endpoint(struct str host, struct str *ret_region)
{
    bool is_aws = str_ends(host, STR(".amazonaws.com")) ||
                  str_ends(host, STR(".amazonaws.com.cn")) || str_ends(host, STR(".amazonaws.eu"));
    struct str rest = host;
    bool is_first = true;
    while (is_aws && !str_is_absent(rest)) {
        struct str label = str_cut(&rest, '.');
        if (!is_first && str_eq_text(label, "iot")) {
            *ret_region = str_cut(&rest, '.');
            return true;
        }
        is_first = false;
    }
    return false;
}

static enum err refuse(struct str text, struct why *why)
{
    return why_set(why, ERR_INVALID, NULL,
                   "expected https://host[:port], or http:// on this machine, and nothing behind "
                   "it, not \"%.*s\"",
                   STR_ARG(text));
}

/* Cuts ":port" off an authority. *ret_port is 0 without one. */
static bool cut_port(struct str *authority, int64_t *ret_port)
{
    size_t at = authority->n;
    while (at > 0 && authority->p[at - 1] != ':' && authority->p[at - 1] != ']')
        at--;
    *ret_port = 0;
    if (at == 0 || authority->p[at - 1] == ']')
        return true;
    struct str digits = {authority->p + at, authority->n - at};
    authority->n = at - 1;
    return str_to_int(digits, 1, 65535, ret_port);
}

static void lower(struct str text, char *ret, size_t capacity)
{
    snprintf(ret, capacity, "%.*s", STR_ARG(text));
    for (char *c = ret; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 'a' - 'A');
}

/* An address taken apart, in lower case. */
struct address {
    char text[ENDPOINT_URL_MAX];
    bool is_https;
    struct str host; /* of text */
    int64_t port;    /* 0: none */
};

static bool take_apart(struct str text, struct address *ret)
{
    if (text.n >= sizeof ret->text || str_has(text, '\0'))
        return false;
    lower(text, ret->text, sizeof ret->text);
    struct str authority = str_of(ret->text);
    ret->is_https = str_starts(authority, STR("https://"));
    if (!ret->is_https && !str_starts(authority, STR("http://")))
        return false;
    size_t scheme_n = ret->is_https ? 8 : 7;
    authority = (struct str){authority.p + scheme_n, authority.n - scheme_n};
    if (authority.n > 0 && authority.p[authority.n - 1] == '/')
        authority.n--;
    ret->host = authority;
    return cut_port(&ret->host, &ret->port) && is_host(ret->host);
}

static void put_together(const struct address *address, struct endpoint *ret)
{
    snprintf(ret->host, sizeof ret->host, "%.*s", STR_ARG(address->host));
    if (address->port != 0 && address->port != (address->is_https ? 443 : 80))
        snprintf(ret->host, sizeof ret->host, "%.*s:%d", STR_ARG(address->host),
                 (int)address->port);
    snprintf(ret->url, sizeof ret->url, "%s://%s", address->is_https ? "https" : "http", ret->host);
}

static enum err refuse_data_endpoint(struct str host, struct str region, struct why *why)
{
    struct endpoint right;
    bool is_known = endpoint_of_region(region, &right, NULL) == ERR_NONE;
    return why_set(why, ERR_INVALID, NULL,
                   "%.*s is the account's endpoint for devices, which knows no UpdateJob: use %s",
                   STR_ARG(host), is_known ? right.url : "https://iot.<region>.amazonaws.com");
}

enum err endpoint_parse(struct str text, struct endpoint *ret, struct why *why)
{
    struct address address;
    if (!take_apart(text, &address))
        return refuse(text, why);
    struct str region;
    if (is_data_endpoint(address.host, &region))
        return refuse_data_endpoint(address.host, region, why);
    if (!address.is_https && !is_loopback(address.host))
        return why_set(why, ERR_INVALID, NULL,
                       "http:// is allowed only to this machine (127.0.0.1, ::1, localhost), not "
                       "to %.*s: use https://",
                       STR_ARG(address.host));
    put_together(&address, ret);
    return ERR_NONE;
}

/* At AWS only <prefix>.credentials.iot.<region>... hands out credentials. */
static bool is_provider(struct str host)
{
    struct str region;
    if (!is_data_endpoint(host, &region))
        return !str_ends(host, STR(".amazonaws.com"));
    (void)str_cut(&host, '.');
    return str_eq_text(str_cut(&host, '.'), "credentials");
}

enum err endpoint_parse_provider(struct str text, struct endpoint *ret, struct why *why)
{
    char url[ENDPOINT_URL_MAX];
    struct address address;
    bool has_scheme = memmem(text.p, text.n, "://", 3) != NULL;
    int n = snprintf(url, sizeof url, "%s%.*s", has_scheme ? "" : "https://", STR_ARG(text));
    if (n < 0 || (size_t)n >= sizeof url || !take_apart(str_of(url), &address) ||
        !address.is_https || !is_provider(address.host))
        return why_set(why, ERR_INVALID, NULL,
                       "expected <prefix>.credentials.iot.<region>.amazonaws.com, not \"%.*s\"",
                       STR_ARG(text));
    put_together(&address, ret);
    return ERR_NONE;
}
