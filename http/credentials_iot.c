/* The AWS IoT credentials provider: a thing's certificate for the keys of a role alias. */
#include "http/credentials_answer.h"
#include "http/endpoint.h"

static const struct credentials_names names = {
    .inside = "credentials",
    .access_key = "accessKeyId",
    .secret_key = "secretAccessKey",
    .token = "sessionToken",
    .expiration = "expiration",
};

/* Of letters, digits, _ - and more; the same length goes for role aliases and things. */
static bool is_name(struct str text, const char *more)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!is_plain && (c == '\0' || strchr(more, c) == NULL))
            return false;
    }
    return text.n >= 1 && text.n <= 128;
}

bool credentials_iot_is_role_alias(struct str text)
{
    return is_name(text, "=,@");
}

static enum err refuse(struct why *why, const char *member, const char *problem)
{
    return why_set(why, ERR_INVALID, member, "iot: %s %s", member, problem);
}

enum err credentials_iot_check(const struct credentials_iot *iot, struct why *why)
{
    struct endpoint endpoint;
    struct why detail = {.text = "is missing"};
    if (iot->endpoint == NULL ||
        endpoint_parse_provider(str_of(iot->endpoint), &endpoint, &detail) != ERR_NONE)
        return refuse(why, "endpoint", detail.text);
    if (!credentials_iot_is_role_alias(str_of(iot->role_alias)))
        return refuse(why, "role_alias", "is no role alias");
    if (!is_name(str_of(iot->thing_name), ":"))
        return refuse(why, "thing_name", "is no thing's name");
    if (iot->cert_file == NULL)
        return refuse(why, "cert_file", "is missing");
    if (iot->key_file == NULL)
        return refuse(why, "key_file", "is missing");
    return ERR_NONE;
}

enum err credentials_iot_plan(const struct credentials_options *options,
                              struct credentials_plan *ret, struct why *why)
{
    (void)options;
    (void)why;
    ret->base = CREDENTIALS_BASE_IOT;
    return ERR_NONE;
}

static enum err ask(const struct credentials_talk *talk, struct credentials_request *ret,
                    struct why *why)
{
    const struct credentials_iot *iot = &talk->options->iot;
    struct endpoint endpoint;
    enum err err = endpoint_parse_provider(str_of(iot->endpoint), &endpoint, why);
    if (err != ERR_NONE)
        return err;
    ret->method = "GET";
    buf_format(&ret->url, "%s/role-aliases/%s/credentials", endpoint.url, iot->role_alias);
    buf_format(&ret->headers, "x-amzn-iot-thingname: %s", iot->thing_name);
    buf_add_byte(&ret->headers, '\0');
    ret->identity = (struct http_identity){iot->cert_file, iot->key_file, iot->ca_file};
    ret->has_identity = true;
    return ERR_NONE;
}

static enum credentials_heard hear(struct credentials_talk *talk, const struct http_answer *answer,
                                   struct credential *ret, struct why *why)
{
    (void)talk;
    enum credentials_heard heard = credentials_answer_judge(answer, why);
    if (heard != CREDENTIALS_HEARD_KEYS)
        return heard;
    return credentials_answer_keys(answer->body, &names, ret, why) == ERR_NONE
               ? CREDENTIALS_HEARD_KEYS
               : CREDENTIALS_HEARD_NOTHING;
}

const struct credentials_dialogue credentials_iot_dialogue = {
    .name = "iot",
    .timeout_ms = 5000,
    .attempts = 3,
    .ask = ask,
    .hear = hear,
};
