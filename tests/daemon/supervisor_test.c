/* What a supervisor hears, over a socket like systemd's. */
#include "base/due.h"
#include "daemon/supervisor.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX 2048

static int ear;

/* A name that is taken by nobody else: the kernel chooses it. */
static int listen_up(void **state)
{
    (void)state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t n = sizeof name;
    ear = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ear < 0 || bind(ear, (struct sockaddr *)&name, sizeof name.sun_family) != 0 ||
        getsockname(ear, (struct sockaddr *)&name, &n) != 0)
        return -1;
    name.sun_path[0] = '@';
    name.sun_path[n - offsetof(struct sockaddr_un, sun_path)] = '\0';
    return setenv("NOTIFY_SOCKET", name.sun_path, 1);
}

static int hear_no_more(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    return close(ear);
}

/* The next message; "" if there is none. */
static const char *heard(void)
{
    static char text[MESSAGE_MAX];
    ssize_t n = recv(ear, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static struct snapshot fine_at(int64_t now_ms)
{
    return (struct snapshot){
        .taken_mono_ms = now_ms,
        .started_mono_ms = 1000,
        .has_journal = true,
        .links[SIDE_LOCAL].is_connected = true,
        .has_credentials = true,
    };
}

static void readiness_is_told_once(void **state)
{
    (void)state;
    struct supervisor supervisor;
    supervisor_init(&supervisor);
    struct snapshot snapshot = fine_at(1000);
    snapshot.links[SIDE_LOCAL].is_connected = false;
    snprintf(snapshot.links[SIDE_LOCAL].problem, sizeof snapshot.links[SIDE_LOCAL].problem,
             "connection refused");
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "EXTEND_TIMEOUT_USEC=30000000");
    assert_string_equal(heard(), "STATUS=Waiting for the MQTT broker: connection refused");
    snapshot.taken_mono_ms = 10999;
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "");
    snapshot.taken_mono_ms = 11000;
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "EXTEND_TIMEOUT_USEC=30000000");
    snapshot = fine_at(12000);
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "READY=1");
    assert_string_equal(heard(), "STATUS=Taking commands: 0 waiting, 0.0 calls/s");
    snapshot = fine_at(22000);
    snapshot.links[SIDE_LOCAL].is_connected = false;
    supervisor_turn(&supervisor, &snapshot);
    snapshot = fine_at(32000);
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "STATUS=Waiting for the MQTT broker: ");
    assert_string_equal(heard(), "STATUS=Taking commands: 0 waiting, 0.0 calls/s");
    assert_string_equal(heard(), "");
}

static void stopping_is_told_once(void **state)
{
    (void)state;
    struct supervisor supervisor;
    supervisor_init(&supervisor);
    struct snapshot snapshot = fine_at(1000);
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "READY=1");
    (void)heard();
    snapshot.is_stopping = true;
    snapshot.taken_mono_ms = 2000;
    snapshot.books.in_flight = 3;
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "STOPPING=1");
    assert_string_equal(heard(), "STATUS=Stopping: 3 commands in a call");
    snapshot.taken_mono_ms = 4000;
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "");
}

/* Calls a second are those since it was told last. */
static void status_changes_at_most_once_a_second(void **state)
{
    (void)state;
    struct supervisor supervisor;
    supervisor_init(&supervisor);
    struct snapshot snapshot = fine_at(1000);
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "READY=1");
    assert_string_equal(heard(), "STATUS=Taking commands: 0 waiting, 0.0 calls/s");
    for (int64_t ms = 1001; ms < 2000; ms++) {
        snapshot.taken_mono_ms = ms;
        snapshot.books.waiting++;
        supervisor_turn(&supervisor, &snapshot);
    }
    assert_string_equal(heard(), "");
    snapshot.taken_mono_ms = 3000;
    snapshot.books.waiting = 12;
    snapshot.books.calls = 20;
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "STATUS=Taking commands: 12 waiting, 10.0 calls/s");
    snapshot.taken_mono_ms = 4000;
    snapshot.books.calls = 30;
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), ""); /* it is what it was */
}

static void only_a_loop_that_turns_pings(void **state)
{
    (void)state;
    struct supervisor supervisor;
    struct snapshot snapshot = fine_at(1000);
    setenv("WATCHDOG_USEC", "3000000", 1);
    supervisor_init(&supervisor);
    unsetenv("WATCHDOG_USEC");
    supervisor.status_ms = INT64_MAX;
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "READY=1");
    assert_string_equal(heard(), "WATCHDOG=1");
    assert_int_equal(supervisor_due_ms(&supervisor), 2500);
    snapshot.taken_mono_ms = 2499;
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "");
    snapshot.taken_mono_ms = 9000; /* it was busy: one ping, not five */
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "WATCHDOG=1");
    assert_string_equal(heard(), "");
    assert_int_equal(supervisor_due_ms(&supervisor), 10500);
}

static void without_a_watchdog_nobody_is_pinged(void **state)
{
    (void)state;
    struct supervisor supervisor;
    struct snapshot snapshot = fine_at(1000);
    const char *others[][2] = {{"WATCHDOG_USEC", "0"}, {"WATCHDOG_PID", "1"}};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        setenv("WATCHDOG_USEC", "3000000", 1);
        setenv(others[i][0], others[i][1], 1);
        supervisor_init(&supervisor);
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        supervisor.status_ms = INT64_MAX;
        supervisor_turn(&supervisor, &snapshot);
        assert_string_equal(heard(), "READY=1");
        assert_string_equal(heard(), "");
        assert_int_equal(supervisor_due_ms(&supervisor), DUE_NEVER);
    }
}

/* A socket takes so many messages that nobody reads, and then no more: the loop must not wait. */
static void nobody_who_does_not_listen_holds_up_the_loop(void **state)
{
    (void)state;
    struct supervisor supervisor;
    supervisor_init(&supervisor);
    struct snapshot snapshot = fine_at(1000);
    snapshot.links[SIDE_LOCAL].is_connected = false;
    for (int i = 0; i < 1000; i++) {
        snapshot.taken_mono_ms += 1000;
        snapshot.books.waiting++;
        snprintf(snapshot.links[SIDE_LOCAL].problem, sizeof snapshot.links[SIDE_LOCAL].problem,
                 "attempt %d", i);
        supervisor_turn(&supervisor, &snapshot);
    }
    snapshot.links[SIDE_LOCAL].is_connected = true;
    supervisor_turn(&supervisor, &snapshot); /* READY=1 finds no room */
    while (*heard() != '\0')
        ;
    snapshot.taken_mono_ms += 1000;
    supervisor_turn(&supervisor, &snapshot);
    assert_string_equal(heard(), "READY=1");
    assert_string_equal(heard(), "STATUS=Taking commands: 1000 waiting, 0.0 calls/s");
    assert_string_equal(heard(), "");
}

static void where_there_is_no_supervisor_nothing_happens(void **state)
{
    (void)state;
    char *path = strdup(getenv("NOTIFY_SOCKET"));
    const char *others[] = {"", "/", "@", "relative", "/nonexistent/notify", "@nobody-listens"};
    struct snapshot snapshot = fine_at(1000);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct supervisor supervisor;
        supervisor_init(&supervisor);
        setenv("NOTIFY_SOCKET", others[i], 1);
        supervisor_turn(&supervisor, &snapshot);
        assert_true(supervisor.was_ready);
    }
    setenv("NOTIFY_SOCKET", path, 1);
    free(path);
    assert_string_equal(heard(), "");
}

static void check_status(const struct snapshot *snapshot, const char *expected)
{
    char status[SUPERVISOR_STATUS_MAX];
    supervisor_status(snapshot, 2.5, status);
    assert_string_equal(status, expected);
}

static void what_keeps_it_is_told(void **state)
{
    (void)state;
    struct snapshot snapshot = fine_at(1000);
    snapshot.books.waiting = 7;
    check_status(&snapshot, "Taking commands: 7 waiting, 2.5 calls/s");
    snapshot.speed = (struct bridge_speed){.rate = 5, .configured = 10};
    check_status(&snapshot, "Taking commands: 7 waiting, 2.5 calls/s, slowed down to 5.0");
    snapshot.speed.rate = 10;
    snapshot.is_full = true;
    check_status(&snapshot, "Full, commands are left with the broker: 7 waiting, 2.5 calls/s");
    snapshot.breaker = BREAKER_OPEN;
    snapshot.last_fault = FAULT_TRANSPORT;
    check_status(&snapshot, "The Jobs endpoint does not work, 7 waiting: Transport");
    snapshot.lacks_credentials = true;
    snprintf(snapshot.credentials_problem, sizeof snapshot.credentials_problem, "no file");
    check_status(&snapshot, "Calls cannot be signed, 7 waiting: no file");
    snapshot.has_journal = false;
    snprintf(snapshot.journal_problem, sizeof snapshot.journal_problem, "disk I/O error");
    check_status(&snapshot, "Taking nothing in, the journal fails: disk I/O error");
}

/* The longest reasons are cut, if at all, and never overflow. */
static void long_reasons_fit(void **state)
{
    (void)state;
    struct snapshot snapshot = fine_at(1000);
    char status[SUPERVISOR_STATUS_MAX];
    snapshot.lacks_credentials = true;
    snapshot.books.waiting = UINT64_MAX;
    memset(snapshot.credentials_problem, 'x', WHY_TEXT_MAX - 1);
    supervisor_status(&snapshot, 0, status);
    assert_int_equal(status[strlen(status) - 1], 'x');
    check_has(status, snapshot.credentials_problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness_is_told_once),
        cmocka_unit_test(stopping_is_told_once),
        cmocka_unit_test(status_changes_at_most_once_a_second),
        cmocka_unit_test(only_a_loop_that_turns_pings),
        cmocka_unit_test(without_a_watchdog_nobody_is_pinged),
        cmocka_unit_test(nobody_who_does_not_listen_holds_up_the_loop),
        cmocka_unit_test(where_there_is_no_supervisor_nothing_happens),
        cmocka_unit_test(what_keeps_it_is_told),
        cmocka_unit_test(long_reasons_fit),
    };
    return cmocka_run_group_tests(tests, listen_up, hear_no_more);
}
