/* The container endpoint of ECS and EKS, and the token exchange service of AWS IoT Greengrass. */
#include "http/credentials_answer.h"
#include "http/secret_file.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>

#define RELATIVE_BASE "http://169.254.170.2"

/* Greengrass remembers errors for so long: asking earlier brings the same answer. */
#define PAUSE_4XX_MS INT64_C(120000)
#define PAUSE_5XX_MS INT64_C(60000)

static struct str variable(const char *name)
{
    return str_of(getenv(name));
}

enum err credentials_container_plan(const struct credentials_options *options,
                                    struct credentials_plan *ret, struct why *why)
{
    (void)options;
    if (variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").n == 0 &&
        variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").n == 0)
        return why_set(why, ERR_NOT_FOUND, NULL,
                       "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                       "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    ret->base = CREDENTIALS_BASE_CONTAINER;
    return ERR_NONE;
}

/* The hosts that may be asked without TLS: this machine, ECS, EKS. */
static bool is_near(const char *host)
{
    static const char *const others[] = {"169.254.170.2", "169.254.170.23"};
    struct in_addr v4;
    struct in6_addr v6;
    struct in6_addr eks;
    if (strcmp(host, "localhost") == 0)
        return true;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strcmp(host, others[i]) == 0)
            return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    size_t n = strlen(host);
    char text[INET6_ADDRSTRLEN] = "";
    if (n > 2 && n - 2 < sizeof text && host[0] == '[')
        memcpy(text, host + 1, n - 2);
    return inet_pton(AF_INET6, text, &v6) == 1 && inet_pton(AF_INET6, "fd00:ec2::23", &eks) == 1 &&
           (IN6_IS_ADDR_LOOPBACK(&v6) || memcmp(&v6, &eks, sizeof v6) == 0);
}

static bool is_scheme_right(CURLU *url)
{
    char *scheme = NULL;
    char *host = NULL;
    bool ok = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_near(host)));
    curl_free(host);
    curl_free(scheme);
    return ok;
}

/* Asked of libcurl, so that the host that is judged is the host that is called. */
static bool is_url_allowed(const char *text)
{
    CURLU *url = curl_url();
    bool ok = url != NULL &&
              curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
              is_scheme_right(url);
    curl_url_cleanup(url);
    return ok;
}

static enum err write_url(struct buf *out, struct why *why)
{
    struct str relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if (relative.n > 0 && relative.p[0] != '/')
        return why_set(why, ERR_INVALID, NULL,
                       "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with /");
    if (relative.n > 0) {
        buf_add_text(out, RELATIVE_BASE);
        buf_add(out, relative);
    } else {
        buf_add(out, variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    }
    if (is_url_allowed(buf_text(out)))
        return ERR_NONE;
    return why_set(why, ERR_INVALID, NULL,
                   "%s is no URL, or not allowed: expected https://, or http:// to localhost, "
                   "169.254.170.2, 169.254.170.23 or [fd00:ec2::23]",
                   relative.n > 0 ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
                                  : "AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

/* As it is: no scheme is put before it, nothing is trimmed. */
static enum err write_token(struct str token, const char *variable_name, struct buf *out,
                            struct why *why)
{
    for (size_t i = 0; i < token.n; i++)
        if ((unsigned char)token.p[i] < 0x20 || token.p[i] == 0x7f)
            return why_set(why, ERR_INVALID, NULL,
                           "the token of %s has a line break or another control character",
                           variable_name);
    if (token.n > CREDENTIALS_TOKEN_MAX)
        return why_set(why, ERR_INVALID, NULL, "the token of %s is longer than %d bytes",
                       variable_name, CREDENTIALS_TOKEN_MAX);
    if (token.n == 0)
        return ERR_NONE;
    buf_add_text(out, "Authorization: ");
    buf_add(out, token);
    buf_add_byte(out, '\0');
    return ERR_NONE;
}

static enum err write_authorization(struct buf *out, struct why *why)
{
    static const char in_file[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    static const char in_variable[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    const char *path = getenv(in_file);
    if (path == NULL || path[0] == '\0')
        return write_token(variable(in_variable), in_variable, out, why);
    struct secret_file file = {0};
    enum err err = secret_file_read(path, CREDENTIALS_TOKEN_MAX, &file, why);
    if (err == ERR_NONE)
        err = write_token(file.text, in_file, out, why);
    secret_file_free(&file);
    return err;
}

static enum err ask(const struct credentials_talk *talk, struct credentials_request *ret,
                    struct why *why)
{
    (void)talk;
    ret->method = "GET";
    buf_add(&ret->headers, STR("Accept: application/json\0"));
    enum err err = write_url(&ret->url, why);
    return err == ERR_NONE ? write_authorization(&ret->headers, why) : err;
}

static enum credentials_heard hear(struct credentials_talk *talk, const struct http_answer *answer,
                                   struct credential *ret, struct why *why)
{
    talk->pause_ms = -1;
    if (answer->status >= 400)
        talk->pause_ms = answer->status < 500 ? PAUSE_4XX_MS : PAUSE_5XX_MS;
    enum credentials_heard heard = credentials_answer_judge(answer, why);
    if (heard != CREDENTIALS_HEARD_KEYS)
        return heard;
    return credentials_answer_keys(answer->body, &credentials_answer_names, ret, why) == ERR_NONE
               ? CREDENTIALS_HEARD_KEYS
               : CREDENTIALS_HEARD_NOTHING;
}

const struct credentials_dialogue credentials_container_dialogue = {
    .name = "container",
    .timeout_ms = 2000,
    .attempts = 3,
    .ask = ask,
    .hear = hear,
};
