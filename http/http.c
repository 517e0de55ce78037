#include "http/http.h"

#include "http/transfer.h"

#include <assert.h>
#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>

struct http {
    CURLM *multi;
    char *ca_file;
    struct list active;
    struct list idle; /* easy handles keep their TLS sessions between requests */
    unsigned active_count;
    unsigned active_max;
};

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
        transfer_free(transfer);
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
        transfer_free(transfer);
        return;
    }
    transfer_reset(transfer);
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

/* What a secret request leaves in its handle goes with it. */
static struct transfer *take_transfer(struct http *http, bool is_secret)
{
    struct list_node *node = list_first(&http->idle);
    if (node == NULL || is_secret)
        return transfer_new(http->ca_file, is_secret);
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
    enum err err = transfer_prepare(transfer, request);
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

/* The transfer is out of both lists while done runs, which may start the next request. */
static void finish(struct http *http, CURL *easy, CURLcode code)
{
    struct transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    end_active(http, transfer);
    const struct http_answer answer = transfer_answer(transfer, code);
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
