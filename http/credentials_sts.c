/* AWS STS: keys of a role for keys that may assume it. */
#include "http/canonical.h"
#include "http/credentials_answer.h"
#include "http/credentials_expiry.h"
#include "http/credentials_xml.h"
#include "http/endpoint.h"
#include "http/sigv4.h"

#include <stdlib.h>

#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"
#define WORDS_MAX    300

/* The variables by which AWS's own tools are sent elsewhere, else the region's. */
static enum err find_endpoint(const char *region, struct endpoint *ret, struct why *why)
{
    const char *text = getenv("AWS_ENDPOINT_URL_STS");
    if (text == NULL || text[0] == '\0')
        text = getenv("AWS_ENDPOINT_URL");
    if (text == NULL || text[0] == '\0')
        return endpoint_of_service("sts", str_of(region), ret, why);
    return endpoint_parse(str_of(text), ret, why);
}

static void add_field(struct buf *out, const char *name, const char *value)
{
    buf_format(out, "&%s=", name);
    canonical_encode(str_of(value), out);
}

static void write_body(const struct credentials_role *role, struct buf *out)
{
    buf_add_text(out, "Action=AssumeRole&Version=2011-06-15");
    add_field(out, "RoleArn", role->arn);
    add_field(out, "RoleSessionName", role->session);
    if (role->duration_s > 0)
        buf_format(out, "&DurationSeconds=%lld", (long long)role->duration_s);
    if (role->external_id[0] != '\0')
        add_field(out, "ExternalId", role->external_id);
}

static void add_header(struct buf *out, const char *name, struct str value)
{
    buf_add_text(out, name);
    buf_add_text(out, ": ");
    buf_add(out, value);
    buf_add_byte(out, '\0');
}

static enum err sign(const struct credentials_talk *talk, const struct endpoint *endpoint,
                     struct credentials_request *ret)
{
    char hash[SIGV4_HEX_SIZE];
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    struct str token = str_of(talk->signer->token);
    struct canonical_header headers[] = {
        {STR("content-type"), STR(CONTENT_TYPE)},
        {STR("host"), str_of(endpoint->host)},
        {STR("x-amz-date"), STR_NONE},
        {STR("x-amz-security-token"), token},
    };
    enum err err = sigv4_hash(talk->sigv4, buf_str(&ret->body), hash);
    if (err != ERR_NONE)
        return err;
    sigv4_timestamp(talk->now_s, timestamp);
    headers[2].value = str_of(timestamp);
    const struct sigv4_request to_sign = {
        .method = STR("POST"),
        .path = STR("/"),
        .headers = headers,
        .header_count = token.n > 0 ? 4 : 3,
        .payload_hash = str_of(hash),
        .timestamp = str_of(timestamp),
        .region = str_of(talk->options->region),
        .service = STR("sts"),
        .access_key = str_of(talk->signer->access_key),
        .secret_key = str_of(talk->signer->secret_key),
    };
    add_header(&ret->headers, "Content-Type", STR(CONTENT_TYPE));
    add_header(&ret->headers, "X-Amz-Date", str_of(timestamp));
    if (token.n > 0)
        add_header(&ret->headers, "X-Amz-Security-Token", token);
    buf_add_text(&ret->headers, "Authorization: ");
    err = sigv4_authorization(talk->sigv4, &to_sign, &ret->headers);
    buf_add_byte(&ret->headers, '\0');
    return err;
}

static enum err ask(const struct credentials_talk *talk, struct credentials_request *ret,
                    struct why *why)
{
    struct endpoint endpoint;
    if (talk->options->region == NULL)
        return why_set(why, ERR_INVALID, NULL, "assuming a role needs a region");
    enum err err = find_endpoint(talk->options->region, &endpoint, why);
    if (err != ERR_NONE)
        return err;
    ret->method = "POST";
    buf_format(&ret->url, "%s/", endpoint.url);
    write_body(talk->role, &ret->body);
    err = sign(talk, &endpoint, ret);
    return err == ERR_NONE ? err : why_set(why, err, NULL, "cannot be signed: %s", err_name(err));
}

static enum err read_keys(struct str xml, struct credential *ret, struct why *why)
{
    struct str inside = credentials_xml_element(xml, "Credentials");
    struct str expiration = credentials_xml_element(inside, "Expiration");
    int64_t expires_at_s;
    if (str_is_absent(inside) || !credentials_expiry_parse(expiration, &expires_at_s))
        return why_set(why, ERR_INVALID, NULL, "the answer holds no credentials");
    enum err err = credentials_fill(credentials_xml_element(inside, "AccessKeyId"),
                                    credentials_xml_element(inside, "SecretAccessKey"),
                                    credentials_xml_element(inside, "SessionToken"), ret, why);
    if (err == ERR_NONE)
        ret->expires_at_s = expires_at_s;
    return err;
}

/* Only the first line: behind it AWS repeats the request where a signature was wrong. */
static void explain(const struct http_answer *answer, struct why *why)
{
    struct str error = credentials_xml_element(answer->body, "Error");
    struct str code = credentials_xml_element(error, "Code");
    struct str rest = credentials_xml_element(error, "Message");
    struct str words = str_cut(&rest, '\n');
    if (words.n > WORDS_MAX)
        words.n = WORDS_MAX;
    (void)why_set(why, ERR_REFUSED, NULL, "HTTP %d %.*s (%.*s)", answer->status, STR_ARG(code),
                  STR_ARG(words));
}

/* A wrong clock: the next attempt is dated by theirs. */
static bool blames_the_clock(struct str xml)
{
    static const char *const codes[] = {"SignatureDoesNotMatch", "RequestExpired",
                                        "RequestTimeTooSkewed", "RequestInTheFuture"};
    struct str code = credentials_xml_element(credentials_xml_element(xml, "Error"), "Code");
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (str_eq_text(code, codes[i]))
            return true;
    return false;
}

static enum credentials_heard hear(struct credentials_talk *talk, const struct http_answer *answer,
                                   struct credential *ret, struct why *why)
{
    (void)talk;
    enum credentials_heard heard = credentials_answer_judge(answer, why);
    if (heard == CREDENTIALS_HEARD_KEYS)
        return read_keys(answer->body, ret, why) == ERR_NONE ? CREDENTIALS_HEARD_KEYS
                                                             : CREDENTIALS_HEARD_NOTHING;
    bool has_error = !str_is_absent(credentials_xml_element(answer->body, "Error"));
    if (answer->problem != NULL || answer->is_cut || !has_error)
        return heard;
    explain(answer, why);
    return blames_the_clock(answer->body) ? CREDENTIALS_HEARD_NOTHING : heard;
}

const struct credentials_dialogue credentials_sts_dialogue = {
    .name = "sts",
    .timeout_ms = 5000,
    .attempts = 3,
    .ask = ask,
    .hear = hear,
};
