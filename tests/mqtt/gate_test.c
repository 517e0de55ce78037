/* The gate with one end of a socket pair in the place of Paho's socket, and the wraps around it. */
#include "base/limits.h"
#include "base/now.h"
#include "mqtt/gate.h"
#include "mqtt/wraps.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

/* Paho's list of TLS connections with more to read. */
void SSLSocket_addPendingRead(int fd);
int SSLSocket_getPendingRead(void);

static struct gate gate;
static struct receipts receipts;
static const struct broker_url url = {.host = "localhost"};
static int broker_fd;

static int set_up(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    broker_fd = fds[1];
    receipts_clear(&receipts, LIMITS_PUBLISH_WINDOW);
    gate_init(&gate, &receipts);
    gate_open(&gate, &url, now_mono_ms() + 1000, -1);
    gate.fd = fds[0];
    gate_run(&gate);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wraps_leave();
    wraps_detach(&gate);
    close(gate.fd);
    close(broker_fd);
    gate_fini(&gate);
    return 0;
}

static void send_packet(const void *bytes, size_t n)
{
    struct iovec parts[2] = {
        {.iov_base = (void *)bytes, .iov_len = 1},
        {.iov_base = (char *)bytes + 1, .iov_len = n - 1},
    };
    gate_takes_packet(&gate, parts, 2);
}

static void assert_broker_reads(const void *expected, size_t n)
{
    char bytes[64] = {0};
    ssize_t got = recv(broker_fd, bytes, sizeof bytes, MSG_DONTWAIT);
    assert_int_equal(got, n > 0 ? (ssize_t)n : -1);
    assert_memory_equal(bytes, expected, n);
}

static void test_only_pubacks_are_held(void **state)
{
    (void)state;
    send_packet("\x40\x02\x01\x02", 4);
    send_packet("\x30\x03\x00\x01t", 5);
    gate_flush(&gate);
    assert_broker_reads("\x30\x03\x00\x01t", 5);
    assert_false(gate_release(&gate, 0x0201));
    assert_true(gate_release(&gate, 0x0102));
    gate_flush(&gate);
    assert_broker_reads("\x40\x02\x01\x02", 4);
    assert_false(gate_release(&gate, 0x0102));
}

static void test_nothing_leaves_before_the_flush(void **state)
{
    (void)state;
    send_packet("\xc0\x00", 2);
    assert_broker_reads("", 0);
    assert_int_equal(gate_buffered(&gate), 2);
    gate_flush(&gate);
    assert_broker_reads("\xc0\x00", 2);
    assert_true(gate.ping_ms != 0);
    char pingresp[2] = {(char)0xd0, 0};
    gate_hears(&gate, pingresp, 2);
    assert_int_equal(gate.ping_ms, 0);
}

static void test_at_once_while_paho_waits(void **state)
{
    (void)state;
    gate.is_waiting = true;
    send_packet("\x82\x01\x00", 3);
    assert_broker_reads("\x82\x01\x00", 3);
    send_packet("\x40\x02\x00\x01", 4);
    assert_broker_reads("", 0);
}

static void test_disconnect_only_when_allowed(void **state)
{
    (void)state;
    int fd = gate.fd;
    send_packet("\xe0\x00", 2);
    assert_broker_reads("", 0);
    assert_true(gate.is_cut);
    assert_int_equal(gate.fd, -1); /* Paho closes it now */
    gate_open(&gate, &url, now_mono_ms() + 1000, -1);
    gate.fd = fd;
    gate_run(&gate);
    gate_say_goodbye(&gate, now_mono_ms() + 1000);
    send_packet("\xe0\x00", 2);
    assert_broker_reads("\xe0\x00", 2);
    gate.fd = fd;
}

static void test_qos2_cuts(void **state)
{
    (void)state;
    send_packet("\x50\x02\x00\x01", 4);
    gate_flush(&gate);
    assert_broker_reads("", 0);
    assert_true(gate.is_cut);
}

static void test_buffer_is_bounded(void **state)
{
    (void)state;
    size_t n = LIMITS_OUT_BYTES / 4;
    char *packet = calloc(1, n);
    assert_non_null(packet);
    packet[0] = 0x30;
    for (int i = 0; i < 4; i++) {
        send_packet(packet, n);
        assert_false(gate.is_cut);
    }
    send_packet(packet, n);
    assert_true(gate.is_cut);
    assert_int_equal(gate_buffered(&gate), 0);
    free(packet);
}

static void test_cut_is_the_end_of_the_stream(void **state)
{
    (void)state;
    wraps_attach(&gate);
    wraps_enter(&gate);
    gate.has_sent_connect = true;
    assert_int_equal(write(broker_fd, "x", 1), 1);
    char byte;
    assert_int_equal(recv(gate.fd, &byte, 1, 0), 1);
    assert_int_equal(write(broker_fd, "x", 1), 1);
    gate_cut(&gate, "enough of %d", 7);
    gate_cut(&gate, "too late");
    assert_string_equal(gate.problem.text, "enough of 7");
    struct pollfd fd = {.fd = gate.fd, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 0), 1);
    assert_int_equal(fd.revents, POLLHUP);
    assert_int_equal(recv(gate.fd, &byte, 1, 0), 0);
    send_packet("\xc0\x00", 2);
    assert_false(gate_release(&gate, 1));
    assert_int_equal(gate_buffered(&gate), 0);
}

/* Paho asks for a byte at a time, and whether there is more. */
static void test_what_comes_is_read_ahead(void **state)
{
    (void)state;
    wraps_attach(&gate);
    wraps_enter(&gate);
    gate.has_sent_connect = true;
    char bytes[8] = {0};
    assert_int_equal(fcntl(gate.fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(recv(gate.fd, bytes, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);

    assert_int_equal(write(broker_fd, "\x40\x02\x00\x01\xd0\x00", 6), 6);
    assert_int_equal(recv(gate.fd, bytes, 1, 0), 1);
    assert_int_equal(bytes[0], 0x40);
    char socket_has;
    assert_int_equal(read(gate.fd, &socket_has, 1), -1);
    struct pollfd fd = {.fd = gate.fd, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 0), 1);
    assert_int_equal(fd.revents, POLLIN);
    assert_int_equal(recv(gate.fd, bytes, sizeof bytes, 0), 5);
    assert_memory_equal(bytes, "\x02\x00\x01\xd0\x00", 5);
    assert_int_equal(gate.tap.bytes, 6);
    assert_int_equal(poll(&fd, 1, 0), 0);

    assert_int_equal(write(broker_fd, "x", 1), 1);
    assert_int_equal(recv(gate.fd, NULL, 0, 0), 0);
    assert_int_equal(shutdown(broker_fd, SHUT_WR), 0);
    assert_int_equal(recv(gate.fd, bytes, sizeof bytes, 0), 1);
    assert_int_equal(recv(gate.fd, bytes, sizeof bytes, 0), 0);
}

static void test_nothing_read_ahead_outlives_the_socket(void **state)
{
    (void)state;
    wraps_attach(&gate);
    wraps_enter(&gate);
    char byte;
    assert_int_equal(write(broker_fd, "old", 3), 3);
    assert_int_equal(recv(gate.fd, &byte, 1, 0), 1);
    int fd = gate.fd;
    gate_open(&gate, &url, now_mono_ms() + 1000, -1);
    gate.fd = fd;
    assert_int_equal(write(broker_fd, "new", 3), 3);
    assert_int_equal(recv(gate.fd, &byte, 1, 0), 1);
    assert_int_equal(byte, 'n');
}

static void test_full_socket_is_none_of_pahos_business(void **state)
{
    (void)state;
    wraps_attach(&gate);
    wraps_enter(&gate);
    gate.has_sent_connect = true;
    static char packet[1024 * 1024] = {0x30};
    struct iovec part = {.iov_base = packet, .iov_len = sizeof packet};
    assert_int_equal(writev(gate.fd, &part, 1), sizeof packet);
    gate_flush(&gate);
    assert_true(gate_wants_write(&gate));
    struct pollfd fd = {.fd = gate.fd, .events = POLLOUT};
    assert_int_equal(poll(&fd, 1, 0), 1);
    assert_int_equal(fd.revents, POLLOUT);
    size_t got = 0;
    while (got < sizeof packet) {
        static char bytes[65536];
        ssize_t n = read(broker_fd, bytes, sizeof bytes);
        assert_true(n > 0);
        got += (size_t)n;
        gate_flush(&gate);
    }
    assert_false(gate_wants_write(&gate));
    assert_int_equal(gate_buffered(&gate), 0);
}

/* What is not the gate's socket is none of its business. */
static void test_others_are_left_alone(void **state)
{
    (void)state;
    wraps_attach(&gate);
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct iovec part = {.iov_base = "\x40\x02\x00\x01", .iov_len = 4};
    assert_int_equal(writev(fds[0], &part, 1), 4);
    char bytes[8];
    assert_int_equal(recv(fds[1], bytes, sizeof bytes, 0), 4);
    struct pollfd two[2] = {{.fd = gate.fd, .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
    gate_cut(&gate, "cut");
    assert_int_equal(poll(two, 2, 0), 0); /* outside of Paho nothing is changed */
    assert_int_equal(poll(two + 1, 1, 0), 0);
    assert_int_equal(gate.held.total, 0);
    assert_int_equal(gate.tap.bytes, 0);
    close(fds[0]);
    close(fds[1]);
}

/* Two gates: each gets what its own socket is told, and Paho sees the one it is called for only. */
static void test_two_gates(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct gate second;
    gate_init(&second, &receipts);
    second.fd = fds[0];
    gate.has_sent_connect = second.has_sent_connect = true;
    wraps_attach(&gate);
    wraps_attach(&second);
    assert_int_equal(write(broker_fd, "x", 1), 1);
    assert_int_equal(write(fds[1], "y", 1), 1);
    struct pollfd two[2] = {{.fd = gate.fd, .events = POLLIN}, {.fd = fds[0], .events = POLLIN}};

    wraps_enter(&second);
    assert_int_equal(poll(two, 2, 0), 1);
    assert_int_equal(two[0].revents, 0);
    assert_int_equal(two[1].revents, POLLIN);
    gate_cut(&gate, "cut");
    assert_int_equal(poll(two, 1, 0), 0); /* not even that it is cut */
    struct iovec puback = {.iov_base = "\x40\x02\x00\x01", .iov_len = 4};
    struct iovec ping = {.iov_base = "\xc0\x00", .iov_len = 2};
    assert_int_equal(writev(fds[0], &puback, 1), 4);
    SSLSocket_addPendingRead(gate.fd);
    assert_int_equal(SSLSocket_getPendingRead(), -1);
    wraps_leave();
    wraps_enter(&gate);
    assert_int_equal(poll(two, 2, 0), 1);
    assert_int_equal(two[0].revents, POLLHUP);
    assert_int_equal(writev(fds[0], &ping, 1), 2); /* Paho's keep alive, of all handles */
    wraps_leave();

    assert_int_equal(gate.held.total, 0);
    assert_int_equal(second.held.total, 1);
    assert_int_equal(gate_buffered(&second), 2);
    wraps_detach(&gate);
    char byte;
    assert_int_equal(recv(fds[0], &byte, 1, 0), 1);
    assert_int_equal(second.tap.bytes, 1);
    wraps_detach(&second);
    gate_fini(&second);
    close(fds[0]);
    close(fds[1]);
}

static void test_each_publish_gets_its_receipt(void **state)
{
    (void)state;
    static const char publish[] = {0x32, 7, 0, 1, 't', 0x12, 0x34, 'h', 'i'};
    window_add(&receipts.window, 99, false);
    send_packet(publish, sizeof publish);
    assert_true(window_last_has_name(&receipts.window));
    gate_flush(&gate);
    assert_broker_reads(publish, sizeof publish);

    struct receipt receipt;
    char bytes[4];
    assert_int_equal(write(broker_fd, "\x40\x02\x12\x34", 4), 4);
    assert_int_equal(gate_recv(&gate, bytes, 3, 0), 3);
    assert_false(receipts_take(&receipts, &receipt));
    assert_int_equal(gate_recv(&gate, bytes, 1, 0), 1);
    assert_true(receipts_take(&receipts, &receipt));
    assert_int_equal(receipt.post_id, 99);
}

/* Nor does one that is swallowed get a name: it was not sent. */
static void test_a_cut_gate_names_nothing(void **state)
{
    (void)state;
    window_add(&receipts.window, 99, false);
    gate_cut(&gate, "cut");
    send_packet("\x32\x05\x00\x01t\x00\x01", 7);
    assert_false(window_last_has_name(&receipts.window));
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_only_pubacks_are_held),
        UNIT(test_nothing_leaves_before_the_flush),
        UNIT(test_at_once_while_paho_waits),
        UNIT(test_disconnect_only_when_allowed),
        UNIT(test_qos2_cuts),
        UNIT(test_buffer_is_bounded),
        UNIT(test_cut_is_the_end_of_the_stream),
        UNIT(test_what_comes_is_read_ahead),
        UNIT(test_nothing_read_ahead_outlives_the_socket),
        UNIT(test_full_socket_is_none_of_pahos_business),
        UNIT(test_others_are_left_alone),
        UNIT(test_two_gates),
        UNIT(test_each_publish_gets_its_receipt),
        UNIT(test_a_cut_gate_names_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
