/* The instance metadata service of EC2: version 2, with version 1 where that is all there is. */
#include "http/credentials_answer.h"
#include "jobs/doc.h"

#include <stdlib.h>
#include <strings.h>

#define TOKEN_TTL_HEADER "x-aws-ec2-metadata-token-ttl-seconds: 21600"
#define ROLES_PATH       "/latest/meta-data/iam/security-credentials/"

enum { ASK_TOKEN, ASK_ROLE, ASK_KEYS };

static bool is_on(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && strcasecmp(value, "true") == 0;
}

enum err credentials_imds_plan(const struct credentials_options *options,
                               struct credentials_plan *ret, struct why *why)
{
    (void)options;
    if (is_on("AWS_EC2_METADATA_DISABLED"))
        return why_set(why, ERR_NOT_FOUND, NULL, "AWS_EC2_METADATA_DISABLED is true");
    ret->base = CREDENTIALS_BASE_IMDS;
    return ERR_NONE;
}

static struct str service_url(void)
{
    struct str url = str_of(getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
    const char *mode = getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    if (url.n == 0)
        return mode != NULL && strcasecmp(mode, "ipv6") == 0 ? STR("http://[fd00:ec2::254]")
                                                             : STR("http://169.254.169.254");
    while (url.n > 0 && url.p[url.n - 1] == '/')
        url.n--;
    return url;
}

static bool is_url(struct str url)
{
    if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://")))
        return false;
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f || strchr("?#@", url.p[i]) != NULL)
            return false;
    return true;
}

static enum err ask(const struct credentials_talk *talk, struct credentials_request *ret,
                    struct why *why)
{
    struct str url = service_url();
    if (!is_url(url))
        return why_set(why, ERR_INVALID, NULL,
                       "AWS_EC2_METADATA_SERVICE_ENDPOINT is no http:// or https:// address");
    buf_add(&ret->url, url);
    if (talk->step == ASK_TOKEN) {
        ret->method = "PUT";
        buf_add_text(&ret->url, "/latest/api/token");
        buf_add(&ret->headers, STR(TOKEN_TTL_HEADER "\0"));
        return ERR_NONE;
    }
    ret->method = "GET";
    buf_add_text(&ret->url, ROLES_PATH);
    if (talk->step == ASK_KEYS)
        buf_add_text(&ret->url, talk->name);
    if (talk->token[0] != '\0') {
        buf_add_text(&ret->headers, "x-aws-ec2-metadata-token: ");
        buf_add_text(&ret->headers, talk->token);
        buf_add_byte(&ret->headers, '\0');
    }
    return ERR_NONE;
}

/* A text of printable ASCII without blanks that fits; not empty. */
static bool copy_word(struct str text, char *ret, size_t capacity)
{
    if (text.n == 0 || text.n >= capacity)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
            return false;
    memcpy(ret, text.p, text.n);
    ret[text.n] = '\0';
    return true;
}

/* Before version 2 nobody knew the request, and some hop limits let no answer to it through. */
static bool means_version_1(const struct http_answer *answer)
{
    return answer->problem != NULL || answer->status == 403 || answer->status == 404 ||
           answer->status == 405;
}

static enum credentials_heard hear_token(struct credentials_talk *talk,
                                         const struct http_answer *answer, struct why *why)
{
    talk->token[0] = '\0';
    talk->step = ASK_ROLE;
    if (means_version_1(answer)) {
        if (!is_on("AWS_EC2_METADATA_V1_DISABLED"))
            return CREDENTIALS_HEARD_MORE;
        (void)why_set(why, ERR_REFUSED, NULL,
                      "no session token, and AWS_EC2_METADATA_V1_DISABLED is true");
        return CREDENTIALS_HEARD_NO;
    }
    enum credentials_heard heard = credentials_answer_judge(answer, why);
    if (heard != CREDENTIALS_HEARD_KEYS)
        return heard;
    if (copy_word(answer->body, talk->token, sizeof talk->token))
        return CREDENTIALS_HEARD_MORE;
    (void)why_set(why, ERR_INVALID, NULL, "the session token is empty, too long or has odd bytes");
    return CREDENTIALS_HEARD_NO;
}

static bool is_role_name(const char *name)
{
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                             "+=,.@_-")] == '\0';
}

static enum credentials_heard hear_role(struct credentials_talk *talk,
                                        const struct http_answer *answer, struct why *why)
{
    if (answer->status == 404) {
        (void)why_set(why, ERR_NOT_FOUND, NULL, "the instance has no role");
        return CREDENTIALS_HEARD_NO;
    }
    enum credentials_heard heard = credentials_answer_judge(answer, why);
    if (heard != CREDENTIALS_HEARD_KEYS)
        return heard;
    struct str rest = answer->body;
    struct str name = str_trim(str_cut(&rest, '\n'));
    talk->step = ASK_KEYS;
    if (copy_word(name, talk->name, sizeof talk->name) && is_role_name(talk->name))
        return CREDENTIALS_HEARD_MORE;
    (void)why_set(why, ERR_INVALID, NULL, "the role's name is empty, too long or has odd bytes");
    return CREDENTIALS_HEARD_NO;
}

/* A 200 can say {"Code": "AssumeRoleUnauthorizedAccess", "Message": "..."}. */
static bool is_success(struct str body, struct why *why)
{
    struct doc *doc = NULL;
    if (doc_parse(body, CREDENTIALS_ANSWER_BYTES, &doc, NULL) != ERR_NONE)
        return true; /* and credentials_answer_keys says what it is */
    struct str code = doc_str(doc_member(doc_root(doc), "Code"));
    struct str words = doc_str(doc_member(doc_root(doc), "Message"));
    bool is_fine = str_is_absent(code) || str_eq_text(code, "Success");
    if (!is_fine)
        (void)why_set(why, ERR_REFUSED, NULL, "%.*s (%.*s)", STR_ARG(code), STR_ARG(words));
    doc_free(doc);
    return is_fine;
}

static enum credentials_heard hear(struct credentials_talk *talk, const struct http_answer *answer,
                                   struct credential *ret, struct why *why)
{
    if (talk->step == ASK_TOKEN)
        return hear_token(talk, answer, why);
    if (talk->step == ASK_ROLE)
        return hear_role(talk, answer, why);
    enum credentials_heard heard = credentials_answer_judge(answer, why);
    if (heard != CREDENTIALS_HEARD_KEYS)
        return heard;
    if (!is_success(answer->body, why))
        return CREDENTIALS_HEARD_NO;
    return credentials_answer_keys(answer->body, &credentials_answer_names, ret, why) == ERR_NONE
               ? CREDENTIALS_HEARD_KEYS
               : CREDENTIALS_HEARD_NOTHING;
}

const struct credentials_dialogue credentials_imds_dialogue = {
    .name = "imds",
    .timeout_ms = 1000,
    .attempts = 1,
    .ask = ask,
    .hear = hear,
};
