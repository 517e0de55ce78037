#include "http/transfer.h"

#include "base/limits.h"
#include "base/now.h"
#include "http/retry_after.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <strings.h>

#define CONNECT_TIMEOUT_MS 5000L
#define DNS_CACHE_S        300L
#define RECV_BYTES         1024L /* a buffer for each transfer: so small is quick to get, and fits */
#define HEAD_BYTES         ((size_t)64 * 1024) /* of a request's headers */

static const struct str header_names[TRANSFER_KEPT_COUNT] = {
    [ERROR_TYPE] = STR("x-amzn-ErrorType"),
    [REQUEST_ID] = STR("x-amzn-RequestId"),
    [DATE] = STR("Date"),
    [RETRY_AFTER] = STR("Retry-After"),
    [RETRY_AFTER_MS] = STR("x-amz-retry-after"),
};

static size_t on_body(const char *bytes, size_t size, size_t n, void *context)
{
    struct transfer *transfer = context;
    n *= size;
    size_t room = transfer->body.max - transfer->body.n;
    buf_add(&transfer->body, (struct str){bytes, n < room ? n : room});
    if (buf_err(&transfer->body) != ERR_NONE)
        return 0;
    transfer->is_cut = n > room;
    return transfer->is_cut ? 0 : n; /* 0 ends the transfer: the rest need not come */
}

/* Printable ASCII that fits. Anything else is left out: it goes on into logs and JSON. */
static bool can_be_kept(struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < ' ' || value.p[i] >= 0x7f)
            return false;
    return value.n <= TRANSFER_KEPT_MAX;
}

static void keep_header(struct transfer *transfer, struct str name, struct str value)
{
    for (size_t i = 0; i < TRANSFER_KEPT_COUNT; i++) {
        struct transfer_header *header = &transfer->kept[i];
        if (name.n != header_names[i].n || strncasecmp(name.p, header_names[i].p, name.n) != 0)
            continue;
        if (header->is_present || !can_be_kept(value))
            return;
        memcpy(header->text, value.p, value.n);
        header->n = value.n;
        header->is_present = true;
    }
}

static size_t on_header(const char *bytes, size_t size, size_t n, void *context)
{
    struct transfer *transfer = context;
    struct str value = {bytes, n * size};
    if (str_starts(value, STR("HTTP/"))) {
        for (size_t i = 0; i < TRANSFER_KEPT_COUNT;
             i++) /* those before were of an interim answer */
            transfer->kept[i].is_present = false;
        return n * size;
    }
    while (value.n > 0 && (value.p[value.n - 1] == '\n' || value.p[value.n - 1] == '\r'))
        value.n--;
    struct str name = str_cut(&value, ':');
    if (!str_is_absent(value))
        keep_header(transfer, name, str_trim(value));
    return n * size;
}

/* What is the same for every request. False if libcurl lacks one of these. */
static bool set_options(struct transfer *transfer, const char *ca_file)
{
    CURL *easy = transfer->easy;
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
    if (code == CURLE_OK)                                                                          \
    code = curl_easy_setopt(easy, (option), (value))
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->problem);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_CURLU, transfer->url);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* else a slow name server holds up every transfer */
    SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_S);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_BUFFERSIZE, RECV_BYTES);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ca_file != NULL)
        SET(CURLOPT_CAINFO, ca_file);
#undef SET
    return code == CURLE_OK;
}

static void wipe(struct transfer *transfer)
{
    if (transfer->sent.p != NULL)
        OPENSSL_cleanse(transfer->sent.p, transfer->sent.capacity);
    if (transfer->body.p != NULL)
        OPENSSL_cleanse(transfer->body.p, transfer->body.capacity);
}

/* Any request that is signed may carry a session token. */
static void drop_headers(struct transfer *transfer)
{
    if (transfer->head.p != NULL)
        OPENSSL_cleanse(transfer->head.p, transfer->head.n);
    buf_clear(&transfer->head);
}

void transfer_free(struct transfer *transfer)
{
    if (transfer == NULL)
        return;
    curl_easy_cleanup(transfer->easy);
    curl_url_cleanup(transfer->url);
    if (transfer->is_secret)
        wipe(transfer);
    drop_headers(transfer);
    buf_fini(&transfer->head);
    buf_fini(&transfer->sent);
    buf_fini(&transfer->body);
    free(transfer);
}

struct transfer *transfer_new(const char *ca_file, bool is_secret)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL)
        return NULL;
    transfer->is_secret = is_secret;
    buf_init(&transfer->head, HEAD_BYTES);
    buf_init(&transfer->sent, (size_t)LIMITS_REQUEST_BYTES);
    buf_init(&transfer->body, (size_t)LIMITS_ANSWER_BYTES);
    transfer->easy = curl_easy_init();
    transfer->url = curl_url();
    if (transfer->easy == NULL || transfer->url == NULL || !set_options(transfer, ca_file))
        goto fail;
    return transfer;

fail:
    transfer_free(transfer);
    return NULL;
}

void transfer_reset(struct transfer *transfer)
{
    buf_clear(&transfer->sent);
    buf_clear(&transfer->body);
    drop_headers(transfer);
}

/* Room for all at once, so that growing leaves no copies behind and the list may point into it.
 * That is ours: libcurl only reads it. */
static enum err copy_headers(struct transfer *transfer, const char *const *headers)
{
    size_t n = 0;
    size_t count = 0;
    for (; headers != NULL && headers[count] != NULL; count++)
        n += strlen(headers[count]) + 1;
    if (count > TRANSFER_HEADERS_MAX)
        return ERR_FULL;
    if (n > 0 && buf_reserve(&transfer->head, n) == NULL)
        return buf_err(&transfer->head);
    for (size_t i = 0; i < count; i++) {
        struct curl_slist *next = i + 1 < count ? &transfer->headers[i + 1] : NULL;
        transfer->headers[i] = (struct curl_slist){transfer->head.p + transfer->head.n, next};
        buf_add(&transfer->head, (struct str){headers[i], strlen(headers[i]) + 1});
    }
    return buf_err(&transfer->head);
}

/* HTTPGET comes first because it takes back what an earlier request has set. */
static CURLcode set_body(struct transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (code == CURLE_OK && strcmp(request->method, "HEAD") == 0)
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (code == CURLE_OK && !str_is_absent(request->body))
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, buf_str(&transfer->sent).p);
    if (code == CURLE_OK && !str_is_absent(request->body))
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->sent.n);
    return code;
}

/* For a handle of its own: nothing of this is taken back. Room for the whole answer at once, so
 * that growing leaves no copies behind. */
static CURLcode keep_secret(struct transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;
    const struct http_identity *identity = request->identity;
    if (buf_reserve(&transfer->body, transfer->body.max) == NULL)
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    if (identity == NULL || code != CURLE_OK)
        return code;
    code = curl_easy_setopt(easy, CURLOPT_SSLCERT, identity->cert_file);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SSLKEY, identity->key_file);
    if (code == CURLE_OK && identity->ca_file != NULL)
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, identity->ca_file);
    return code;
}

/* libcurl takes a URL as a text, too, but writes it anew before it uses it. One that is none is
 * left out: the transfer ends with that as its problem. */
static CURLcode set_url(struct transfer *transfer, const char *url)
{
    CURLUcode code = curl_url_set(transfer->url, CURLUPART_URL, url, CURLU_PATH_AS_IS);
    if (code != CURLUE_OK)
        (void)curl_url_set(transfer->url, CURLUPART_URL, NULL, 0);
    return code == CURLUE_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_OK;
}

enum err transfer_prepare(struct transfer *transfer, const struct http_request *request)
{
    buf_add(&transfer->sent, request->body);
    enum err err = buf_err(&transfer->sent);
    if (err == ERR_NONE)
        err = copy_headers(transfer, request->headers);
    if (err != ERR_NONE)
        return err;
    transfer->body.max =
        request->answer_bytes_max > 0 ? request->answer_bytes_max : (size_t)LIMITS_ANSWER_BYTES;
    transfer->is_cut = false;
    transfer->problem[0] = '\0';
    for (size_t i = 0; i < TRANSFER_KEPT_COUNT; i++)
        transfer->kept[i].is_present = false;

    CURL *easy = transfer->easy;
    CURLcode code = set_body(transfer, request);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (code == CURLE_OK)
        code = set_url(transfer, request->url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER,
                                transfer->head.n > 0 ? transfer->headers : NULL);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    if (code == CURLE_OK && transfer->is_secret)
        code = keep_secret(transfer, request);
    return code == CURLE_OK ? ERR_NONE : ERR_NO_MEMORY;
}

static struct str kept(const struct transfer *transfer, int which)
{
    const struct transfer_header *header = &transfer->kept[which];
    return header->is_present ? (struct str){header->text, header->n} : STR_NONE;
}

static int64_t wish_to_wait(const struct transfer *transfer)
{
    struct str ms = kept(transfer, RETRY_AFTER_MS);
    struct str wish = kept(transfer, RETRY_AFTER);
    if (!str_is_absent(ms))
        return retry_after_parse_ms(ms);
    return str_is_absent(wish) ? -1 : retry_after_parse(wish, now_wall_ms() / 1000);
}

struct http_answer transfer_answer(const struct transfer *transfer, CURLcode code)
{
    struct http_answer answer = {.retry_after_ms = -1};
    if (code != CURLE_OK && !transfer->is_cut) {
        answer.problem =
            transfer->problem[0] != '\0' ? transfer->problem : curl_easy_strerror(code);
        return answer;
    }
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 100) {
        answer.problem = "the answer has no HTTP status";
        return answer;
    }
    answer.status = (int)status;
    answer.body = buf_str(&transfer->body);
    answer.is_cut = transfer->is_cut;
    answer.error_type = kept(transfer, ERROR_TYPE);
    answer.request_id = kept(transfer, REQUEST_ID);
    answer.date = kept(transfer, DATE);
    answer.retry_after_ms = wish_to_wait(transfer);
    return answer;
}
