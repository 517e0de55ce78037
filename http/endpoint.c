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

enum err endpoint_of_region(struct str region, struct endpoint *ret, struct why *why)
{
    if (!endpoint_region_is_valid(region))
        return why_set(why, ERR_INVALID, NULL, "expected a region such as us-east-1, not \"%.*s\"",
                       STR_ARG(region));
    size_t i = 0;
    while (!str_starts(region, partitions[i].region_prefix))
        i++;
    snprintf(ret->host, sizeof ret->host, "iot.%.*s.%s", STR_ARG(region), partitions[i].domain);
    snprintf(ret->url, sizeof ret->url, "https://%s", ret->host);
    return ERR_NONE;
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

enum err endpoint_parse(struct str text, struct endpoint *ret, struct why *why)
{
    char copy[ENDPOINT_URL_MAX];
    if (text.n >= sizeof copy || str_has(text, '\0'))
        return refuse(text, why);
    lower(text, copy, sizeof copy);
    struct str authority = str_of(copy);
    bool is_https = str_starts(authority, STR("https://"));
    if (!is_https && !str_starts(authority, STR("http://")))
        return refuse(text, why);
    size_t scheme_n = is_https ? 8 : 7;
    authority = (struct str){copy + scheme_n, authority.n - scheme_n};
    if (authority.n > 0 && authority.p[authority.n - 1] == '/')
        authority.n--;
    struct str host = authority;
    int64_t port = 0;
    if (!cut_port(&host, &port) || !is_host(host))
        return refuse(text, why);
    struct str region;
    if (is_data_endpoint(host, &region))
        return why_set(why, ERR_INVALID, NULL,
                       "%.*s is the account's endpoint for devices, which knows no UpdateJob: use "
                       "https://iot.%.*s.amazonaws.com",
                       STR_ARG(host), STR_ARG(region));
    if (!is_https && !is_loopback(host))
        return why_set(why, ERR_INVALID, NULL,
                       "http:// is allowed only to this machine (127.0.0.1, ::1, localhost), not "
                       "to %.*s: use https://",
                       STR_ARG(host));
    snprintf(ret->host, sizeof ret->host, "%.*s", STR_ARG(host));
    if (port != 0 && port != (is_https ? 443 : 80))
        snprintf(ret->host, sizeof ret->host, "%.*s:%d", STR_ARG(host), (int)port);
    snprintf(ret->url, sizeof ret->url, "%s://%s", is_https ? "https" : "http", ret->host);
    return ERR_NONE;
}
