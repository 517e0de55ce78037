#include "daemon/config_address.h"

#include "daemon/config_value.h"
#include "http/endpoint.h"
#include "http/server.h"
#include "mqtt/broker_url.h"

#include <stdio.h>
#include <strings.h>

#define LISTEN_BYTES_MAX 64

static enum err refuse(struct why *why, struct str address, const char *problem)
{
    return why_set(why, ERR_INVALID, NULL, "\"%.*s%s\" %s", CONFIG_VALUE_ARG(address), problem);
}

static enum err refuse_user(struct why *why)
{
    return why_set(why, ERR_INVALID, NULL, "must not hold a user name or a password");
}

enum err config_address_check_broker(struct str url, struct why *why)
{
    struct broker_url parts;
    return str_has(url, '@') ? refuse_user(why) : broker_url_parse(url, &parts, why);
}

/* A port on loopback is one place, whatever that is called. */
static const char *name_of(const struct broker_url *url)
{
    static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < COUNT_OF(loopback); i++)
        if (strcasecmp(url->host, loopback[i]) == 0)
            return loopback[0];
    return url->host;
}

bool config_address_is_same_broker(const char *a, const char *b)
{
    struct broker_url one, other;
    if (broker_url_parse(str_of(a), &one, NULL) != ERR_NONE ||
        broker_url_parse(str_of(b), &other, NULL) != ERR_NONE)
        return false;
    return one.port == other.port && strcasecmp(name_of(&one), name_of(&other)) == 0;
}

enum err config_address_check_endpoint(struct str endpoint, struct why *why)
{
    struct endpoint parts;
    if (str_eq_text(endpoint, "embedded") || str_eq_text(endpoint, "aws"))
        return ERR_NONE;
    return str_has(endpoint, '@') ? refuse_user(why) : endpoint_parse(endpoint, &parts, why);
}

enum err config_address_check_provider(struct str endpoint, struct why *why)
{
    struct endpoint parts;
    if (str_has(endpoint, '@'))
        return refuse_user(why);
    return endpoint_parse_provider(endpoint, &parts, NULL) == ERR_NONE
               ? ERR_NONE
               : refuse(why, endpoint, "is no AWS IoT credentials provider");
}

enum err config_address_check_listen(struct str listen, struct why *why)
{
    char text[LISTEN_BYTES_MAX];
    if (listen.n >= sizeof text)
        return refuse(why, listen, "is too long");
    snprintf(text, sizeof text, "%.*s", STR_ARG(listen));
    if (server_listen_check(text, NULL) != ERR_NONE)
        return refuse(why, listen, "is no numeric address with a port");
    return ERR_NONE;
}

bool config_address_is_loopback(struct str listen)
{
    return str_starts(listen, STR("127.")) || str_starts(listen, STR("[::1]:"));
}

enum err config_address_check_loopback(struct str listen, struct why *why)
{
    enum err err = config_address_check_listen(listen, why);
    if (err == ERR_NONE && !config_address_is_loopback(listen))
        err = refuse(why, listen, "is open to others");
    return err;
}
