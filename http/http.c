#include "http/http.h"

#include "base/limits.h"
#include "base/list.h"
#include "base/now.h"
#include "http/retry_after.h"

#include <assert.h>
#include <curl/curl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <strings.h>

#define CONNECT_TIMEOUT_MS 5000L
#define DNS_CACHE_S        300L
#define HEADER_MAX         256   /* of a header value that is kept */
#define RECV_BYTES         1024L /* a buffer for each transfer: so small is quick to get, and fits */

#define HEAD_BYTES  ((size_t)64 * 1024) /* of a request's headers */
#define HEADERS_MAX 8

/* The headers of an answer that are kept. */
enum { ERROR_TYPE, REQUEST_ID, DATE, RETRY_AFTER, RETRY_AFTER_MS, HEADER_COUNT };

static const struct str header_names[HEADER_COUNT] = {
    [ERROR_TYPE] = STR("x-amzn-ErrorType"),
    [REQUEST_ID] = STR("x-amzn-RequestId"),
    [DATE] = STR("Date"),
    [RETRY_AFTER] = STR("Retry-After"),
    [RETRY_AFTER_MS] = STR("x-amz-retry-after"),
};

struct http {
    CURLM *multi;
    char *ca_file;
    struct list active;
    struct list idle; /* easy handles keep their TLS sessions between requests */
    unsigned active_count;
    unsigned active_max;
};

struct header {
    char text[HEADER_MAX];
    size_t n;
    bool is_present;
};

/* One request under way, or an easy handle waiting for the next. */
struct transfer {
    struct list_node node;
    CURL *easy;
    CURLU *url;
    struct buf head; /* the texts of headers, each with a NUL; wiped */
    struct curl_slist headers[HEADERS_MAX];
    struct buf sent; /* curl reads the body from here */
    struct buf body;
    bool is_cut;
    bool is_secret;
    struct header kept[HEADER_COUNT];
    http_done_fn *done;
    void *context;
    char problem[CURL_ERROR_SIZE];
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
    return value.n <= HEADER_MAX;
}

static void keep_header(struct transfer *transfer, struct str name, struct str value)
{
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        struct header *header = &transfer->kept[i];
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
        for (size_t i = 0; i < HEADER_COUNT; i++) /* those before were of an interim answer */
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
static bool set_options(const struct http *http, struct transfer *transfer)
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
    if (http->ca_file != NULL)
        SET(CURLOPT_CAINFO, http->ca_file);
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

static void free_transfer(struct transfer *transfer)
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

static struct transfer *new_transfer(const struct http *http)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL)
        return NULL;
    buf_init(&transfer->head, HEAD_BYTES);
    buf_init(&transfer->sent, (size_t)LIMITS_REQUEST_BYTES);
    buf_init(&transfer->body, (size_t)LIMITS_ANSWER_BYTES);
    transfer->easy = curl_easy_init();
    transfer->url = curl_url();
    if (transfer->easy == NULL || transfer->url == NULL || !set_options(http, transfer))
        goto fail;
    return transfer;

fail:
    free_transfer(transfer);
    return NULL;
}

enum err http_new(const struct http_options *options, struct http **ret, struct why *why)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return why_set(why, ERR_NO_MEMORY, NULL, "libcurl cannot start");
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL) {
        curl_global_cleanup();
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    }
    list_init(&http->active);
    list_init(&http->idle);
    http->active_max = options->connections_max;
    if (options->ca_file != NULL && (http->ca_file = str_dup(str_of(options->ca_file))) == NULL)
        goto fail;
    http->multi = curl_multi_init();
    if (http->multi == NULL)
        goto fail;
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 2L * (long)options->connections_max);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->connections_max);
    *ret = http;
    return ERR_NONE;

fail:
    http_free(http);
    return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
}

static void free_all(struct list *list)
{
    while (!list_is_empty(list)) {
        struct transfer *transfer = list_entry(list_first(list), struct transfer, node);
        list_remove(&transfer->node);
        free_transfer(transfer);
    }
}

static void end_active(struct http *http, struct transfer *transfer)
{
    curl_multi_remove_handle(http->multi, transfer->easy);
    list_remove(&transfer->node);
    http->active_count--;
}

static void retire(struct http *http, struct transfer *transfer)
{
    if (transfer->is_secret) {
        free_transfer(transfer);
        return;
    }
    buf_clear(&transfer->sent);
    buf_clear(&transfer->body);
    drop_headers(transfer);
    list_push_front(&http->idle, &transfer->node);
}

void http_drop(struct http *http, const void *context)
{
    struct list_node *node = list_first(&http->active);
    while (node != NULL) {
        struct transfer *transfer = list_entry(node, struct transfer, node);
        node = list_after(&http->active, node);
        if (transfer->context != context)
            continue;
        end_active(http, transfer);
        retire(http, transfer);
    }
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    for (struct list_node *node = list_first(&http->active); node != NULL;
         node = list_after(&http->active, node))
        curl_multi_remove_handle(http->multi, list_entry(node, struct transfer, node)->easy);
    free_all(&http->active);
    free_all(&http->idle);
    curl_multi_cleanup(http->multi);
    free(http->ca_file);
    free(http);
    curl_global_cleanup();
}

/* Room for all at once, so that growing leaves no copies behind. */
static enum err copy_headers(struct transfer *transfer, const char *const *headers)
{
    size_t n = 0;
    size_t count = 0;
    for (; headers != NULL && headers[count] != NULL; count++)
        n += strlen(headers[count]) + 1;
    if (count > HEADERS_MAX)
        return ERR_FULL;
    if (n > 0 && buf_reserve(&transfer->head, n) == NULL)
        return buf_err(&transfer->head);
    for (size_t i = 0; i < count; i++)
        buf_add(&transfer->head, (struct str){headers[i], strlen(headers[i]) + 1});
    return buf_err(&transfer->head);
}

/* libcurl only reads the list, so it may be one of ours. */
static struct curl_slist *headers_of(struct transfer *transfer)
{
    size_t count = 0;
    for (char *at = transfer->head.p; at != NULL && at < transfer->head.p + transfer->head.n;
         at += strlen(at) + 1) {
        transfer->headers[count] = (struct curl_slist){.data = at};
        if (count > 0)
            transfer->headers[count - 1].next = &transfer->headers[count];
        count++;
    }
    return count > 0 ? transfer->headers : NULL;
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

static enum err prepare(struct transfer *transfer, const struct http_request *request)
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
    for (size_t i = 0; i < HEADER_COUNT; i++)
        transfer->kept[i].is_present = false;

    CURL *easy = transfer->easy;
    CURLcode code = set_body(transfer, request);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (code == CURLE_OK)
        code = set_url(transfer, request->url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_of(transfer));
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    if (code == CURLE_OK && transfer->is_secret)
        code = keep_secret(transfer, request);
    return code == CURLE_OK ? ERR_NONE : ERR_NO_MEMORY;
}

/* What a secret request leaves in its handle goes with it. */
static struct transfer *take_transfer(struct http *http, bool is_secret)
{
    struct list_node *node = list_first(&http->idle);
    if (node == NULL || is_secret) {
        struct transfer *transfer = new_transfer(http);
        if (transfer != NULL)
            transfer->is_secret = is_secret;
        return transfer;
    }
    list_remove(node);
    return list_entry(node, struct transfer, node);
}

enum err http_start(struct http *http, const struct http_request *request, http_done_fn *done,
                    void *context)
{
    if (http->active_count >= http->active_max)
        return ERR_FULL;
    struct transfer *transfer =
        take_transfer(http, request->is_secret || request->identity != NULL);
    if (transfer == NULL)
        return ERR_NO_MEMORY;
    enum err err = prepare(transfer, request);
    if (err == ERR_NONE && curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK)
        err = ERR_NO_MEMORY;
    if (err != ERR_NONE) {
        retire(http, transfer);
        return err;
    }
    transfer->done = done;
    transfer->context = context;
    list_push_back(&http->active, &transfer->node);
    http->active_count++;
    return ERR_NONE;
}

static short to_curl(short events)
{
    return (short)((events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                   (events & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
                   (events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
}

static short from_curl(short events)
{
    return (short)((events & CURL_WAIT_POLLIN ? POLLIN : 0) |
                   (events & CURL_WAIT_POLLPRI ? POLLPRI : 0) |
                   (events & CURL_WAIT_POLLOUT ? POLLOUT : 0));
}

void http_wait(struct http *http, struct pollfd *fds, unsigned fd_count, int64_t timeout_ms)
{
    struct curl_waitfd wait[HTTP_WAIT_FDS_MAX];
    assert(fd_count <= COUNT_OF(wait));
    for (unsigned i = 0; i < fd_count; i++)
        wait[i] = (struct curl_waitfd){.fd = fds[i].fd, .events = to_curl(fds[i].events)};
    int64_t timeout = timeout_ms < 0 ? 0 : timeout_ms;
    curl_multi_poll(http->multi, wait, fd_count, timeout < INT_MAX ? (int)timeout : INT_MAX, NULL);
    for (unsigned i = 0; i < fd_count; i++)
        fds[i].revents = from_curl(wait[i].revents);
}

static struct str kept(const struct transfer *transfer, int which)
{
    const struct header *header = &transfer->kept[which];
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

static struct http_answer answer_of(struct transfer *transfer, CURLcode code)
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

/* The transfer is out of both lists while done runs, which may start the next request. */
static void finish(struct http *http, CURL *easy, CURLcode code)
{
    struct transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    end_active(http, transfer);
    const struct http_answer answer = answer_of(transfer, code);
    transfer->done(transfer->context, &answer);
    retire(http, transfer);
}

void http_turn(struct http *http)
{
    int running = 0;
    (void)curl_multi_perform(http->multi, &running); /* each transfer tells its own failure */
    int left = 0;
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            finish(http, message->easy_handle, message->data.result);
}
