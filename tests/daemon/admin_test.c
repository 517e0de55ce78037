/* The admin server over real HTTP, on a port that the kernel chooses. */
#include "base/now.h"
#include "daemon/admin.h"
#include "tests/check.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 32768
#define ELSEWHERE                                                                                  \
    "{\"message\":\"there is / /healthz /readyz /metrics /api/state /api/jobs /api/things "        \
    "/api/dead /api/events\"}"

static struct snapshot_exchange snapshots;
static struct admin *admin;

static int start(void **state)
{
    (void)state;
    struct why why;
    const struct admin_options options = {
        .listen = "127.0.0.1:0", .snapshots = &snapshots, .journal = "/nowhere/journal.db"};
    snapshot_init(&snapshots);
    if (admin_start(&options, &admin, &why) == ERR_NONE)
        return 0;
    print_error("%s\n", why.text);
    return -1;
}

static int stop(void **state)
{
    (void)state;
    admin_stop(admin);
    admin_stop(NULL);
    return 0;
}

static int connect_to_admin(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)admin_port(admin)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void ask(const char *method, const char *path, char answer[ANSWER_MAX])
{
    int fd = connect_to_admin();
    assert_true(
        dprintf(fd, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, path) > 0);
    size_t n = 0;
    for (ssize_t got; (got = read(fd, answer + n, ANSWER_MAX - 1 - n)) > 0;)
        n += (size_t)got;
    answer[n] = '\0';
    close(fd);
}

static void check_answer(const char *method, const char *path, int status, const char *body)
{
    char answer[ANSWER_MAX], line[32];
    ask(method, path, answer);
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    assert_memory_equal(answer, line, strlen(line));
    const char *found = strstr(answer, "\r\n\r\n");
    assert_non_null(found);
    assert_string_equal(found + 4, body);
    if (body[0] != '\0')
        check_has(answer, "application/json");
}

static void not_turning(void **state)
{
    (void)state;
    check_answer("GET", "/healthz", 503,
                 "{\"status\":\"unavailable\",\"reasons\":[\"the loop does not turn\"]}");
}

static void healthy(void **state)
{
    (void)state;
    struct snapshot snapshot = {.taken_mono_ms = now_mono_ms(), .has_journal = true};
    snapshot_publish(&snapshots, &snapshot);
    check_answer("GET", "/healthz", 200, "{\"status\":\"ok\"}");
    check_answer("HEAD", "/healthz", 200, "");
    check_answer("GET", "/readyz", 503,
                 "{\"status\":\"unavailable\",\"reasons\":[\"no link to the MQTT broker\"]}");
    snapshot.links[SIDE_LOCAL].is_connected = true;
    snapshot_publish(&snapshots, &snapshot);
    check_answer("GET", "/readyz", 200, "{\"status\":\"ok\"}");
    check_answer("GET", "/readyz?now", 200, "{\"status\":\"ok\"}");
    snapshot.breaker = BREAKER_OPEN;
    snapshot.last_fault = FAULT_TRANSPORT;
    snapshot_publish(&snapshots, &snapshot);
    check_answer("GET", "/readyz", 503,
                 "{\"status\":\"unavailable\","
                 "\"reasons\":[\"the Jobs endpoint does not work: Transport\"]}");
    check_answer("GET", "/healthz", 200, "{\"status\":\"ok\"}");
}

static void metrics(void **state)
{
    (void)state;
    char answer[ANSWER_MAX];
    const struct snapshot snapshot = {.books = {.received = 42, .accepted = 42}};
    snapshot_publish(&snapshots, &snapshot);
    ask("GET", "/metrics", answer);
    check_has(answer, "HTTP/1.1 200 ");
    check_has(answer, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    check_has(answer, "\njobs_bridge_commands_received_total 42\n");
}

static void elsewhere(void **state)
{
    (void)state;
    check_answer("GET", "/nowhere", 404, ELSEWHERE);
    check_answer("POST", "/nowhere", 404, ELSEWHERE);
    check_answer("DELETE", "/readyz", 405, "{\"message\":\"only GET and HEAD are answered here\"}");
    check_answer("POST", "/app.js", 405, "{\"message\":\"only GET and HEAD are answered here\"}");
}

static void the_page_and_what_it_asks_for(void **state)
{
    (void)state;
    char answer[ANSWER_MAX];
    ask("GET", "/", answer);
    check_has(answer, "HTTP/1.1 200 ");
    check_has(answer, "Content-Type: text/html; charset=utf-8\r\n");
    check_has(answer, "Content-Security-Policy: default-src 'none'; script-src 'self';");
    check_has(answer, "frame-ancestors 'none'\r\n");
    check_has(answer, "Cache-Control: no-cache\r\n");
    check_has(answer, "</html>");
    ask("GET", "/api/state", answer);
    check_has(answer, "Cache-Control: no-store\r\n");
    check_has(answer, "\"books\":{\"received\":");
    check_answer("GET", "/api/jobs", 200, "{\"total\":0,\"forgotten\":0,\"rows\":[]}");
    check_answer("GET", "/api/things", 200, "{\"total\":0,\"forgotten\":0,\"rows\":[]}");
    check_answer("GET", "/api/dead", 200, "{\"total\":0,\"rows\":[]}");
}

/* It goes on until somebody hangs up, so it ends with the server. */
static void events_go_on(void **state)
{
    (void)state;
    char answer[ANSWER_MAX] = "";
    int fd = connect_to_admin();
    assert_true(dprintf(fd, "GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n") > 0);
    size_t n = 0;
    size_t states = 0;
    while (states < 3) {
        ssize_t got = read(fd, answer + n, ANSWER_MAX - 1 - n);
        assert_true(got > 0);
        n += (size_t)got;
        answer[n] = '\0';
        states = 0;
        for (const char *at = answer; (at = strstr(at, "event: state\ndata: {")) != NULL; at++)
            states++;
    }
    check_has(answer, "Content-Type: text/event-stream\r\n");
    check_has(answer, "retry: 2000\n\n");
    close(fd);
}

static void port_in_use(void **state)
{
    (void)state;
    char listen_at[32];
    struct admin *second = NULL;
    struct why why;
    snprintf(listen_at, sizeof listen_at, "127.0.0.1:%u", admin_port(admin));
    const struct admin_options options = {
        .listen = listen_at, .snapshots = &snapshots, .journal = "/nowhere/journal.db"};
    assert_int_not_equal(admin_start(&options, &second, &why), ERR_NONE);
    assert_null(second);
    check_has(why.text, listen_at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_turning),
        cmocka_unit_test(healthy),
        cmocka_unit_test(metrics),
        cmocka_unit_test(elsewhere),
        cmocka_unit_test(the_page_and_what_it_asks_for),
        cmocka_unit_test(events_go_on),
        cmocka_unit_test(port_in_use),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
