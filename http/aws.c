#include "http/aws.h"

#include "base/limits.h"
#include "base/list.h"
#include "base/now.h"
#include "http/sigv4.h"
#include "http/verdict.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define SERVICE        "iot"
#define TARGET_BYTES   8192  /* of a URL */
#define HEADER_BYTES   16384 /* of the headers of one request */
#define CLOCK_SLACK_S  120   /* between two clocks that count as equal */
#define HEADERS_SENT   4     /* content type, date, token, authorization */
#define DATE_BYTES_MAX 64

struct aws {
    struct http *http;
    struct credentials *credentials;
    struct endpoint endpoint;
    char region[ENDPOINT_REGION_MAX + 1];
    aws_done_fn *done;
    void *context;
    struct sigv4 *sigv4;
    int64_t clock_ahead_s; /* of the service's clock before ours */
    struct list under_way;
    struct list held; /* until credentials come that are under way */
    unsigned held_count;
    struct list refused; /* started without credentials */
    unsigned refused_count;
    struct buf url;
    struct buf headers;
};

struct pending {
    struct list_node node;
    struct aws *aws;
    uint64_t id;
    uint64_t generation; /* of the credentials it was signed with */
    int64_t sent_us;     /* by now_mono_us */
    char refusal[WHY_TEXT_MAX];
    struct aws_request request; /* of a held one; its texts are in copy */
    struct buf copy;
};

enum err aws_new(const struct aws_options *options, struct aws **ret, struct why *why)
{
    if (!endpoint_region_is_valid(options->region))
        return why_set(why, ERR_INVALID, NULL, "expected a region such as us-east-1, not \"%.*s\"",
                       STR_ARG(options->region));
    struct aws *aws = calloc(1, sizeof *aws);
    if (aws == NULL)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    aws->http = options->http;
    aws->credentials = options->credentials;
    aws->endpoint = *options->endpoint;
    snprintf(aws->region, sizeof aws->region, "%.*s", STR_ARG(options->region));
    aws->done = options->done;
    aws->context = options->context;
    list_init(&aws->under_way);
    list_init(&aws->held);
    list_init(&aws->refused);
    buf_init(&aws->url, TARGET_BYTES);
    buf_init(&aws->headers, HEADER_BYTES);
    if (sigv4_new(&aws->sigv4) != ERR_NONE)
        goto fail;
    *ret = aws;
    return ERR_NONE;

fail:
    aws_free(aws);
    return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
}

static void free_pending(struct pending *pending)
{
    buf_fini(&pending->copy);
    free(pending);
}

/* http_drop knows nothing of those that were never sent. */
static void drop_all(struct aws *aws, struct list *list)
{
    struct list_node *node = list_first(list);
    while (node != NULL) {
        struct pending *pending = list_entry(node, struct pending, node);
        node = list_after(list, node);
        http_drop(aws->http, pending);
        free_pending(pending);
    }
}

static void wipe(struct buf *buf)
{
    if (buf->p != NULL)
        OPENSSL_cleanse(buf->p, buf->capacity);
    buf_fini(buf);
}

void aws_free(struct aws *aws)
{
    if (aws == NULL)
        return;
    drop_all(aws, &aws->under_way);
    drop_all(aws, &aws->held);
    drop_all(aws, &aws->refused);
    sigv4_free(aws->sigv4);
    buf_fini(&aws->url);
    wipe(&aws->headers);
    free(aws);
}

/* A clock that is wrong looks like a wrong signature, and no retry would mend it. */
static void learn_clock(struct aws *aws, struct str date)
{
    char text[DATE_BYTES_MAX];
    if (date.n == 0 || date.n >= sizeof text)
        return;
    memcpy(text, date.p, date.n);
    text[date.n] = '\0';
    int64_t theirs = curl_getdate(text, NULL);
    int64_t ahead = theirs - now_wall_ms() / 1000;
    if (theirs >= 0)
        aws->clock_ahead_s = llabs(ahead) > CLOCK_SLACK_S ? ahead : 0;
}

static void on_answer(void *context, const struct http_answer *answer)
{
    struct pending *pending = context;
    struct aws *aws = pending->aws;
    struct verdict verdict;
    verdict_of(answer, &verdict);
    if (verdict.class == FAULT_CREDENTIALS)
        credentials_refused(aws->credentials, pending->generation);
    if (verdict.fault == FAULT_INVALID_SIGNATURE)
        learn_clock(aws, answer->date);
    const struct aws_answer ours = {
        .id = pending->id,
        .class = verdict.class,
        .fault = verdict.fault,
        .http_status = answer->status,
        .message = str_of(verdict.message),
        .request_id = answer->request_id,
        .retry_after_ms = answer->retry_after_ms,
        .body = answer->body,
        .took_us = now_mono_us() - pending->sent_us,
    };
    list_remove(&pending->node);
    free_pending(pending);
    aws->done(aws->context, &ours);
}

static void write_url(struct aws *aws, const struct aws_request *request)
{
    buf_clear(&aws->url);
    buf_add_text(&aws->url, aws->endpoint.url);
    buf_add(&aws->url, request->path);
    if (str_is_absent(request->query))
        return;
    buf_add_byte(&aws->url, '?');
    buf_add(&aws->url, request->query);
}

/* Writes "Name: value" and a NUL; returns where it starts. */
static size_t write_header(struct buf *out, const char *name, const char *value)
{
    size_t start = out->n;
    buf_add_text(out, name);
    buf_add_text(out, ": ");
    buf_add_text(out, value);
    buf_add_byte(out, '\0');
    return start;
}

static enum err sign(struct aws *aws, const struct aws_request *request,
                     const struct credential *credential, const char *timestamp)
{
    struct canonical_header headers[HEADERS_SENT] = {
        {STR("host"), str_of(aws->endpoint.host)},
        {STR("x-amz-date"), str_of(timestamp)},
    };
    size_t count = 2;
    char hash[SIGV4_HEX_SIZE];
    enum err err = sigv4_hash(aws->sigv4, request->body, hash);
    if (err != ERR_NONE)
        return err;
    if (!str_is_absent(request->body))
        headers[count++] = (struct canonical_header){STR("content-type"), STR("application/json")};
    if (credential->token[0] != '\0')
        headers[count++] =
            (struct canonical_header){STR("x-amz-security-token"), str_of(credential->token)};
    const struct sigv4_request to_sign = {
        .method = str_of(request->method),
        .path = request->path,
        .query = request->query,
        .headers = headers,
        .header_count = count,
        .payload_hash = str_of(hash),
        .timestamp = str_of(timestamp),
        .region = str_of(aws->region),
        .service = STR(SERVICE),
        .access_key = str_of(credential->access_key),
        .secret_key = str_of(credential->secret_key),
    };
    return sigv4_authorization(aws->sigv4, &to_sign, &aws->headers);
}

/* Fills ret with pointers into aws->headers, NULL behind the last. */
static enum err write_headers(struct aws *aws, const struct aws_request *request,
                              const struct credential *credential,
                              const char *ret[HEADERS_SENT + 1])
{
    struct buf *out = &aws->headers;
    size_t starts[HEADERS_SENT];
    size_t count = 0;
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    sigv4_timestamp(now_wall_ms() / 1000 + aws->clock_ahead_s, timestamp);
    buf_clear(out);
    if (!str_is_absent(request->body))
        starts[count++] = write_header(out, "Content-Type", "application/json");
    starts[count++] = write_header(out, "X-Amz-Date", timestamp);
    if (credential->token[0] != '\0')
        starts[count++] = write_header(out, "X-Amz-Security-Token", credential->token);
    starts[count++] = out->n;
    buf_add_text(out, "Authorization: ");
    enum err err = sign(aws, request, credential, timestamp);
    buf_add_byte(out, '\0');
    if (err == ERR_NONE)
        err = buf_err(out);
    if (err != ERR_NONE)
        return err;
    for (size_t i = 0; i < count; i++)
        ret[i] = out->p + starts[i];
    ret[count] = NULL;
    return ERR_NONE;
}

static enum err send_signed(struct aws *aws, const struct aws_request *request,
                            const struct credential *credential, struct pending *pending)
{
    const char *headers[HEADERS_SENT + 1];
    enum err err = write_headers(aws, request, credential, headers);
    if (err != ERR_NONE)
        return err;
    write_url(aws, request);
    const struct http_request sent = {
        .method = request->method,
        .url = buf_text(&aws->url),
        .headers = headers,
        .body = request->body,
        .timeout_ms = request->timeout_ms,
        .answer_bytes_max = request->answer_bytes_max,
    };
    err = buf_err(&aws->url);
    if (err == ERR_NONE)
        err = http_start(aws->http, &sent, on_answer, pending);
    if (err != ERR_NONE)
        return err;
    pending->sent_us = now_mono_us();
    pending->generation = credentials_generation(aws->credentials);
    list_push_back(&aws->under_way, &pending->node);
    return ERR_NONE;
}

static void refuse_later(struct aws *aws, struct pending *pending, const char *text)
{
    snprintf(pending->refusal, sizeof pending->refusal, "%s", text);
    list_push_back(&aws->refused, &pending->node);
    aws->refused_count++;
}

/* Moves a text to the copy; the pointer is right as long as the copy does not grow. */
static struct str keep(struct buf *copy, struct str text)
{
    if (str_is_absent(text))
        return STR_NONE;
    size_t start = copy->n;
    buf_add(copy, text);
    return (struct str){copy->p + start, text.n};
}

static enum err hold(struct aws *aws, struct pending *pending, const struct aws_request *request)
{
    struct str method = {request->method, strlen(request->method) + 1};
    size_t n = method.n + request->path.n + request->query.n + request->body.n;
    buf_init(&pending->copy, (size_t)LIMITS_REQUEST_BYTES);
    if (buf_reserve(&pending->copy, n) == NULL)
        return buf_err(&pending->copy);
    pending->request = *request;
    pending->request.method = keep(&pending->copy, method).p;
    pending->request.path = keep(&pending->copy, request->path);
    pending->request.query = keep(&pending->copy, request->query);
    pending->request.body = keep(&pending->copy, request->body);
    list_push_back(&aws->held, &pending->node);
    aws->held_count++;
    return ERR_NONE;
}

enum err aws_start(struct aws *aws, const struct aws_request *request)
{
    if (aws->held_count + aws->refused_count == LIMITS_MAX_IN_FLIGHT)
        return ERR_FULL;
    struct pending *pending = calloc(1, sizeof *pending);
    if (pending == NULL)
        return ERR_NO_MEMORY;
    pending->aws = aws;
    pending->id = request->id;
    struct why why = {0};
    enum err err = ERR_NONE;
    const struct credential *credential = credentials_current(aws->credentials, &why);
    if (credential != NULL)
        err = send_signed(aws, request, credential, pending);
    else if (credentials_are_coming(aws->credentials))
        err = hold(aws, pending, request);
    else
        refuse_later(aws, pending, why.text);
    if (err != ERR_NONE)
        free_pending(pending);
    return err;
}

/* Those that are held go, or learn why not. */
static void release(struct aws *aws)
{
    while (!list_is_empty(&aws->held)) {
        struct pending *pending = list_entry(list_first(&aws->held), struct pending, node);
        struct why why = {0};
        const struct credential *credential = credentials_current(aws->credentials, &why);
        if (credential == NULL && credentials_are_coming(aws->credentials))
            return;
        list_remove(&pending->node);
        aws->held_count--;
        enum err err = ERR_NONE;
        if (credential != NULL)
            err = send_signed(aws, &pending->request, credential, pending);
        if (credential == NULL || err != ERR_NONE)
            refuse_later(aws, pending, credential == NULL ? why.text : err_name(err));
    }
}

/* Only those that are there now: an answer may start the next. */
static void answer_refused(struct aws *aws)
{
    struct list_node *node = list_first(&aws->refused);
    for (unsigned due = aws->refused_count; due > 0 && node != NULL; due--) {
        struct pending *pending = list_entry(node, struct pending, node);
        node = list_after(&aws->refused, node);
        list_remove(&pending->node);
        aws->refused_count--;
        const struct aws_answer answer = {
            .id = pending->id,
            .class = FAULT_CREDENTIALS,
            .fault = FAULT_MISSING_AUTHENTICATION_TOKEN,
            .message = str_of(pending->refusal),
            .request_id = STR_NONE,
            .retry_after_ms = -1,
            .body = STR(""),
            .took_us = -1,
        };
        aws->done(aws->context, &answer);
        free_pending(pending);
    }
}

void aws_turn(struct aws *aws)
{
    if (!credentials_are_coming(aws->credentials))
        release(aws);
    answer_refused(aws);
}

bool aws_is_due(const struct aws *aws)
{
    return !list_is_empty(&aws->refused) ||
           (!list_is_empty(&aws->held) && !credentials_are_coming(aws->credentials));
}
