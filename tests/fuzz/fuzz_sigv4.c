/*
 * Any request to the verifier of signatures, as text:
 *
 *   PATCH /jobs/job-1?namespaceId=ns-1
 *   Host: iot.local
 *   X-Amz-Date: 20150830T123600Z
 *   Authorization: AWS4-HMAC-SHA256 Credential=..., SignedHeaders=host;x-amz-date, Signature=right
 *
 *   {"description":"d"}
 *
 * "right" stands for the signature that is right. Headers are handed over by the two functions that
 * would ask libmicrohttpd for them, which the linker replaces.
 */
#include "http/sigv4_verify.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <strings.h>

#define NOW         "20150830T123600Z"
#define NOW_S       INT64_C(1440938160)
#define SECRET      "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define HEADERS_MAX 80 /* more than may be signed */
#define CHANGES     4

struct header {
    struct str name;
    struct str value;
};

struct headers {
    struct header items[HEADERS_MAX];
    size_t count;
};

/* One request as it came; method and the texts of the views are owned by the caller. */
struct sent {
    char method[32];
    struct str target;
    struct str body;
    struct headers headers;
};

static struct sigv4 *sigv4;

struct str __wrap_server_header(const struct server_request *request, const char *name);
void __wrap_server_headers_each(const struct server_request *request, server_header_fn *visit,
                                void *context);

static bool is_name(struct str a, struct str b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static struct str header_of(const struct headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (is_name(headers->items[i].name, str_of(name)))
            return headers->items[i].value;
    return STR_NONE;
}

struct str __wrap_server_header(const struct server_request *request, const char *name)
{
    return header_of(request->connection, name);
}

void __wrap_server_headers_each(const struct server_request *request, server_header_fn *visit,
                                void *context)
{
    const struct headers *headers = request->connection;
    for (size_t i = 0; i < headers->count; i++)
        visit(context, headers->items[i].name, headers->items[i].value);
}

/* False: no HTTP server would pass it on. */
static bool read_request(struct str text, struct sent *ret)
{
    *ret = (struct sent){.method = ""};
    struct str line = str_cut(&text, '\n');
    struct str method = str_cut(&line, ' ');
    if (method.n >= sizeof ret->method || line.n == 0 || str_has(method, '\0'))
        return false;
    if (method.n > 0)
        memcpy(ret->method, method.p, method.n);
    ret->target = line;
    while (!str_is_absent(text)) {
        struct str value = str_cut(&text, '\n');
        if (value.n == 0)
            break;
        struct str name = str_cut(&value, ':');
        if (name.n == 0 || str_is_absent(value) || ret->headers.count == HEADERS_MAX)
            return false;
        ret->headers.items[ret->headers.count++] = (struct header){name, str_trim(value)};
    }
    ret->body = text;
    return true;
}

static struct server_request request_of(const struct sent *sent)
{
    struct str rest = sent->target;
    struct str path = str_cut(&rest, '?');
    return (struct server_request){.method = sent->method,
                                   .path = path,
                                   .query = rest,
                                   .body = sent->body,
                                   .connection = (void *)&sent->headers};
}

static bool is_listed(struct str names, struct str name)
{
    while (!str_is_absent(names))
        if (is_name(str_cut(&names, ';'), name))
            return true;
    return false;
}

/* The value of name in "Credential=..., SignedHeaders=..., Signature=..."; the last one counts. */
static struct str parameter(struct str authorization, const char *name)
{
    struct str found = STR_NONE;
    str_cut(&authorization, ' ');
    while (!str_is_absent(authorization)) {
        struct str value = str_trim(str_cut(&authorization, ','));
        if (str_eq_text(str_cut(&value, '='), name))
            found = value;
    }
    return found;
}

/* The service stands before the last slash. */
static struct str service_of(struct str credential)
{
    struct str service = STR_NONE;
    struct str part = STR_NONE;
    while (!str_is_absent(credential)) {
        service = part;
        part = str_cut(&credential, '/');
    }
    return service;
}

/* What the one who holds the key would sign. False: it cannot be signed. */
static bool sign(const struct sent *sent, char ret_hex[SIGV4_HEX_SIZE])
{
    struct canonical_header headers[HEADERS_MAX];
    size_t count = 0;
    struct str authorization = header_of(&sent->headers, "Authorization");
    struct str names = parameter(authorization, "SignedHeaders");
    for (size_t i = 0; i < sent->headers.count; i++)
        if (is_listed(names, sent->headers.items[i].name))
            headers[count++] = (struct canonical_header){sent->headers.items[i].name,
                                                         sent->headers.items[i].value};
    struct str hash = header_of(&sent->headers, "X-Amz-Content-Sha256");
    struct str date = header_of(&sent->headers, "X-Amz-Date");
    char own_hash[SIGV4_HEX_SIZE];
    assert(sigv4_hash(sigv4, sent->body, own_hash) == ERR_NONE);
    const struct server_request request = request_of(sent);
    const struct sigv4_request to_sign = {
        .method = str_of(request.method),
        .path = request.path,
        .query = request.query,
        .headers = headers,
        .header_count = count,
        .payload_hash = str_eq_text(hash, "UNSIGNED-PAYLOAD") ? hash : str_of(own_hash),
        .timestamp = str_is_absent(date) ? STR(NOW) : date,
        .region = STR("us-east-1"),
        .service = service_of(parameter(authorization, "Credential")),
        .secret_key = STR(SECRET),
    };
    return sigv4_signature(sigv4, &to_sign, ret_hex) == ERR_NONE;
}

static enum fault verify(const struct sent *sent, struct why *why)
{
    static const struct credential known = {
        .access_key = "AKIDEXAMPLE", .secret_key = SECRET, .expires_at_s = -1};
    const struct sigv4_verify_options options = {
        .credential = &known, .region = STR("us-east-1"), .now_s = NOW_S, .sigv4 = sigv4};
    const struct server_request request = request_of(sent);
    return sigv4_verify(&request, &options, why);
}

/* The canonical query is its own canonical form. */
static void check_canonical(void)
{
    struct str rest = sigv4_canonical_request(sigv4);
    str_cut(&rest, '\n');
    str_cut(&rest, '\n');
    struct str query = str_cut(&rest, '\n');
    struct buf again;
    buf_init(&again, SIGV4_REQUEST_BYTES);
    const struct canonical_input input = {.path = STR("/"), .query = query};
    assert(canonical_request(&input, &again) == ERR_NONE);
    rest = buf_str(&again);
    str_cut(&rest, '\n');
    str_cut(&rest, '\n');
    assert(str_eq(str_cut(&rest, '\n'), query));
    buf_fini(&again);
}

/* The byte of the request that a change is made to: of target, body or a header's value. */
static char *byte_at(struct sent *sent, struct buf *copy, size_t at)
{
    struct str *parts[HEADERS_MAX + 2] = {&sent->target, &sent->body};
    size_t count = 2;
    for (size_t i = 0; i < sent->headers.count; i++)
        parts[count++] = &sent->headers.items[i].value;
    for (size_t i = 0; i < count; i++) {
        if (at >= parts[i]->n) {
            at -= parts[i]->n;
            continue;
        }
        buf_add(copy, *parts[i]);
        assert(buf_err(copy) == ERR_NONE);
        *parts[i] = buf_str(copy);
        return copy->p + at;
    }
    return NULL;
}

/* A request that was accepted, and one byte of it is another: it stays accepted only if whoever
 * signed it would sign it the same way. */
static void check_change(const struct sent *accepted, size_t at, const char *signature)
{
    struct sent sent = *accepted;
    struct buf copy;
    struct why why;
    char hex[SIGV4_HEX_SIZE];
    buf_init(&copy, SIGV4_REQUEST_BYTES);
    char *byte = byte_at(&sent, &copy, at);
    if (byte != NULL) {
        *byte ^= 1;
        bool is_same = sign(&sent, hex) && strcmp(hex, signature) == 0;
        enum fault fault = verify(&sent, &why);
        assert(is_same || fault != FAULT_OK);
    }
    buf_fini(&copy);
}

/* Only the holder of the key can have made it, and it says what he signed. */
static void check_accepted(const struct sent *sent, size_t seed)
{
    char hex[SIGV4_HEX_SIZE];
    struct str authorization = header_of(&sent->headers, "Authorization");
    assert(sign(sent, hex));
    assert(str_eq_text(parameter(authorization, "Signature"), hex));
    assert(is_listed(parameter(authorization, "SignedHeaders"), STR("host")));
    check_canonical();
    size_t n = sent->target.n + sent->body.n;
    for (size_t i = 0; i < sent->headers.count; i++)
        n += sent->headers.items[i].value.n;
    for (size_t i = 0; i < CHANGES; i++)
        check_change(sent, (seed * 7919 + i * 104729) % n, hex);
}

/* Puts the right signature in place of the word. */
static void make_right(struct sent *sent, struct buf *text)
{
    const struct str word = STR("Signature=right");
    char hex[SIGV4_HEX_SIZE];
    for (size_t i = 0; i < sent->headers.count; i++) {
        struct str *value = &sent->headers.items[i].value;
        if (!is_name(sent->headers.items[i].name, STR("Authorization")))
            continue;
        if (str_ends(*value, word) && sign(sent, hex)) {
            buf_add(text, (struct str){value->p, value->n - strlen("right")});
            buf_add_text(text, hex);
            *value = buf_str(text);
        }
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct sent sent;
    struct buf text;
    struct why why = {0};
    if (sigv4 == NULL)
        assert(sigv4_new(&sigv4) == ERR_NONE);
    if (!read_request((struct str){(const char *)bytes, n}, &sent))
        return 0;
    buf_init(&text, n + SIGV4_HEX_SIZE);
    make_right(&sent, &text);
    enum fault fault = verify(&sent, &why);
    bool is_there = !str_is_absent(header_of(&sent.headers, "Authorization"));
    assert((fault == FAULT_MISSING_AUTHENTICATION_TOKEN) == !is_there);
    if (fault == FAULT_OK) {
        check_accepted(&sent, n);
    } else {
        assert(fault_http_status(fault) == 403);
        fuzz_check_why(&why);
    }
    buf_fini(&text);
    return 0;
}
