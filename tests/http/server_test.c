#include "http/server.h"
#include "tests/check.h"
#include "tests/http/rawhttp.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX 1000

static void count_header(void *context, struct str name, struct str value)
{
    struct buf *out = context;
    if (str_starts(name, STR("X-")))
        buf_format(out, "[%.*s=%.*s]", STR_ARG(name), STR_ARG(value));
}

/* Says what it was asked. */
static void echo(void *context, const struct server_request *request,
                 struct server_response *response)
{
    (void)context;
    if (str_eq_text(request->path, "/huge")) {
        for (size_t i = 0; i <= SERVER_ANSWER_BYTES / 16; i++)
            buf_add_text(&response->body, "0123456789abcdef");
        return;
    }
    buf_format(&response->body, "%s|%.*s|%.*s|%.*s|%.*s|", request->method, STR_ARG(request->path),
               STR_ARG(str_is_absent(request->query) ? STR("(none)") : request->query),
               STR_ARG(request->body), STR_ARG(server_header(request, "x-one")));
    server_headers_each(request, count_header, &response->body);
    response->status = str_eq_text(request->path, "/teapot") ? 418 : 200;
    server_response_header(response, "x-amzn-RequestId", STR("r-1"));
    server_response_header(response, "x-forged", STR("a\r\nb: c"));
    if (str_eq_text(request->path, "/metrics"))
        server_response_header(response, "content-type", STR("text/plain"));
}

static struct server_options options_for(const char *listen)
{
    return (struct server_options){.listen = listen,
                                   .body_bytes_max = BODY_MAX,
                                   .connections_max = 4,
                                   .idle_timeout_s = 1,
                                   .handle = echo};
}

static int set_up(void **state)
{
    const struct server_options options = options_for("127.0.0.1:0");
    struct server *server = NULL;
    if (server_start(&options, &server, NULL) != ERR_NONE)
        return 1;
    *state = server;
    return 0;
}

static int tear_down(void **state)
{
    server_stop(*state);
    return 0;
}

static char answer[RAWHTTP_BYTES];

static int ask(const struct server *server, const char *request)
{
    return rawhttp_exchange(server_port(server), request, strlen(request), answer);
}

static void the_target_is_as_on_the_wire(void **state)
{
    assert_int_equal(ask(*state, "GET /things/a%3Ab//c?x=%20&y=a+b HTTP/1.1\r\nHost: a\r\n"
                                 "Connection: close\r\n\r\n"),
                     200);
    check_has(answer, "\r\n\r\nGET|/things/a%3Ab//c|x=%20&y=a+b|||");
    ask(*state, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check_has(answer, "\r\n\r\nGET|/|(none)|||");
    ask(*state, "GET /? HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check_has(answer, "\r\n\r\nGET|/||||");
}

static void any_method_and_its_body_are_passed_on(void **state)
{
    ask(*state, "PATCH /jobs/j HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                "Content-Length: 2\r\n\r\n{}");
    check_has(answer, "\r\n\r\nPATCH|/jobs/j|(none)|{}||");
    ask(*state, "DELETE /jobs/j HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    check_has(answer, "\r\n\r\nDELETE|/jobs/j|(none)|abcde||");
}

static void headers_are_found_in_any_case_and_walked(void **state)
{
    ask(*state, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-ONE: 1\r\nX-Two: a\r\n"
                "X-Two: b\r\n\r\n");
    check_has(answer, "|1|[X-ONE=1][X-Two=a][X-Two=b]");
}

static void answers_have_length_type_and_status(void **state)
{
    assert_int_equal(ask(*state, "GET /teapot HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                     418);
    check_has(answer, "\r\nContent-Length: ");
    check_has(answer, "\r\nContent-Type: application/json\r\n");
    check_has(answer, "\r\nx-amzn-RequestId: r-1\r\n");
    assert_null(strstr(answer, "x-forged"));
    ask(*state, "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check_has(answer, "\r\ncontent-type: text/plain\r\n");
    assert_null(strstr(answer, "application/json"));
    ask(*state, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check_has(answer, "\r\nContent-Length: ");
    assert_null(strstr(answer, "HEAD|"));
}

static void a_body_that_is_too_large_is_refused(void **state)
{
    assert_int_equal(ask(*state, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
                                 "Connection: close\r\n\r\n"),
                     413);
    check_has(answer, "{\"message\":");
    struct buf text;
    buf_init(&text, 65536);
    buf_add_text(&text, "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < 101; i++)
        buf_add_text(&text, "a\r\n0123456789\r\n");
    size_t unfinished = text.n;
    buf_add_text(&text, "0\r\n\r\n");
    assert_int_equal(ask(*state, buf_text(&text)), 413);
    text.n = unfinished;
    for (size_t i = 0; i < 1000; i++)
        buf_add_text(&text, "a\r\n0123456789\r\n");
    assert_int_equal(ask(*state, buf_text(&text)), 0); /* it hung up */
    buf_fini(&text);
    ask(*state, "GET /still-there HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check_has(answer, "/still-there");
}

static void an_answer_that_is_too_large_is_a_500(void **state)
{
    assert_int_equal(ask(*state, "GET /huge HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                     500);
}

static void broken_requests_do_no_harm(void **state)
{
    static const char *const broken[] = {
        "GET\r\n\r\n",
        "GET /a HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", /* and goes */
    };
    for (size_t i = 0; i < COUNT_OF(broken); i++)
        assert_int_not_equal(ask(*state, broken[i]), 200);
    assert_int_equal(ask(*state, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 200);
}

static void a_body_ends_in_one_place(void **state)
{
    static const char *const framings[] = {
        "Content-Length: 4\r\nContent-Length: 40\r\n",
        "Content-Length: 4\r\ncontent-length: 4\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    };
    for (size_t i = 0; i < COUNT_OF(framings); i++) {
        char request[512];
        snprintf(request, sizeof request,
                 "PUT /one HTTP/1.1\r\nHost: a\r\n%s\r\n0\r\n\r\n"
                 "GET /two HTTP/1.1\r\nHost: a\r\n\r\n",
                 framings[i]);
        assert_int_equal(ask(*state, request), 400);
        check_has(answer, "\r\nConnection: close\r\n");
        check_has(answer, "given twice");
        assert_null(strstr(answer, "/one")); /* the handler was not asked, and not for the second */
        assert_null(strstr(answer, "/two"));
    }
}

static int open_slow(unsigned port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, "GET / HT", 8, MSG_NOSIGNAL), 8);
    return fd;
}

/* More of them than there are places. */
static void slow_connections_keep_nobody_out(void **state)
{
    int fds[20];
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        fds[i] = open_slow(server_port(*state));
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(*state, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                         200);
    char byte;
    assert_int_equal(recv(fds[0], &byte, 1, 0), 0); /* it was the first to go */
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        close(fds[i]);
}

static void headers_beyond_the_memory_limit_are_refused(void **state)
{
    struct buf text;
    buf_init(&text, 65536);
    buf_add_text(&text, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-One: ");
    for (size_t i = 0; i < 40000; i++)
        buf_add_byte(&text, 'a');
    buf_add_text(&text, "\r\n\r\n");
    assert_int_not_equal(ask(*state, buf_text(&text)), 200);
    buf_fini(&text);
}

/* The exchange ends when the server hangs up: one second, not the ten the test would wait. */
static void idle_connections_are_closed(void **state)
{
    assert_int_equal(ask(*state, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
}

static void listen_addresses_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"127.0.0.1:0", "0.0.0.0:65535", "[::1]:80", "[::]:1"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_int_equal(server_listen_check(good[i], NULL), ERR_NONE);
    static const char *const bad[] = {"",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      ":80",
                                      "127.0.0.1:65536",
                                      "::1:80",
                                      "[::1]",
                                      "127.0.0.1:-1",
                                      "[::1]80",
                                      "[127.0.0.1]:80",
                                      "1.2.3:1",
                                      "example.com:8099",
                                      "localhost:8099",
                                      "[]:1",
                                      "1111111111111111111111111111111111111111111111111111:1"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct why why;
        assert_int_equal(server_listen_check(bad[i], &why), ERR_INVALID);
        check_has(why.text, "expected address:port");
    }
}

static void a_taken_port_is_reported(void **state)
{
    char listen[32];
    struct server *second = NULL;
    struct why why;
    snprintf(listen, sizeof listen, "127.0.0.1:%u", server_port(*state));
    const struct server_options options = options_for(listen);
    assert_int_equal(server_start(&options, &second, &why), ERR_IO);
    assert_null(second);
    check_has(why.text, listen);
    check_has(why.text, "in use");
}

static void ipv6_works(void **state)
{
    (void)state;
    struct server *server = NULL;
    const struct server_options options = options_for("[::1]:0");
    if (server_start(&options, &server, NULL) != ERR_NONE)
        skip(); /* no IPv6 loopback here */
    assert_true(server_port(server) > 0);
    server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_is_as_on_the_wire),
        cmocka_unit_test(any_method_and_its_body_are_passed_on),
        cmocka_unit_test(headers_are_found_in_any_case_and_walked),
        cmocka_unit_test(answers_have_length_type_and_status),
        cmocka_unit_test(a_body_that_is_too_large_is_refused),
        cmocka_unit_test(an_answer_that_is_too_large_is_a_500),
        cmocka_unit_test(broken_requests_do_no_harm),
        cmocka_unit_test(a_body_ends_in_one_place),
        cmocka_unit_test(slow_connections_keep_nobody_out),
        cmocka_unit_test(headers_beyond_the_memory_limit_are_refused),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(listen_addresses_are_checked),
        cmocka_unit_test(a_taken_port_is_reported),
        cmocka_unit_test(ipv6_works),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
