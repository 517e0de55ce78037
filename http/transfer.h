/*
 * One request under way, or an easy handle of libcurl that waits for the next: for http/http.c
 * only. What was signed or is secret is wiped when it is done with.
 */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include "base/list.h"
#include "http/http.h"

#include <curl/curl.h>

#define TRANSFER_HEADERS_MAX 8   /* of a request */
#define TRANSFER_KEPT_MAX    256 /* bytes of a header of the answer that is kept */

/* The headers of an answer that are kept. */
enum { ERROR_TYPE, REQUEST_ID, DATE, RETRY_AFTER, RETRY_AFTER_MS, TRANSFER_KEPT_COUNT };

struct transfer_header {
    char text[TRANSFER_KEPT_MAX];
    size_t n;
    bool is_present;
};

struct transfer {
    struct list_node node;
    CURL *easy;
    CURLU *url;
    struct buf head; /* the texts of headers, each with a NUL; wiped */
    struct curl_slist headers[TRANSFER_HEADERS_MAX];
    struct buf sent; /* curl reads the body from here */
    struct buf body;
    bool is_cut;
    bool is_secret;
    struct transfer_header kept[TRANSFER_KEPT_COUNT];
    http_done_fn *done;
    void *context;
    char problem[CURL_ERROR_SIZE];
};

/* ca_file: the caller's; NULL: the system's. NULL: out of memory. */
struct transfer *transfer_new(const char *ca_file, bool is_secret);
void transfer_free(struct transfer *transfer);

nodiscard enum err transfer_prepare(struct transfer *transfer, const struct http_request *request);
/* Views into the transfer. */
struct http_answer transfer_answer(const struct transfer *transfer, CURLcode code);
/* For the next request. */
void transfer_reset(struct transfer *transfer);

#endif
