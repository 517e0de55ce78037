#include "mqtt/parts.h"
#include "tests/check.h"

#include <stdlib.h>

#define PARTS_MAX 512

/* The packet in parts of so many bytes, each on its own so that reading on is seen. */
static int cut(struct str packet, size_t step, struct iovec parts[PARTS_MAX])
{
    int count = 0;
    for (size_t at = 0; at < packet.n; at += step) {
        size_t some = packet.n - at < step ? packet.n - at : step;
        char *bytes = malloc(some);
        assert_non_null(bytes);
        memcpy(bytes, packet.p + at, some);
        parts[count++] = (struct iovec){.iov_base = bytes, .iov_len = some};
    }
    return count;
}

static int id_of(struct str packet, size_t step)
{
    struct iovec parts[PARTS_MAX] = {0};
    int count = cut(packet, step, parts);
    int id = parts_publish_id(parts, count);
    for (int i = 0; i < count; i++)
        free(parts[i].iov_base);
    return id;
}

struct publish_case {
    struct str packet;
    int id;
};

static const struct publish_case cases[] = {
    {STR("\x32\x07\x00\x01t\x12\x34hi"), 0x1234},
    {STR("\x3b\x08\x00\x01t\xff\xff\x00hi"), 0xffff}, /* DUP, retained, properties */
    {STR("\x32\x04\x00\x00\x00\x07"), 7},             /* no topic */
    {STR("\x30\x05\x00\x01thi"), 0},                  /* QoS 0 */
    {STR("\x32\x03\x00\x01t"), 0},
    {STR("\x32\x04\x00\x01t\x12"), 0},
    {STR("\x32\x07\x00\xfft\x12\x34hi"), 0}, /* its topic is longer than the packet */
    {STR("\x32\xff\xff\xff\xff"), 0},
    {STR("\x32"), 0},
};

static void test_id_of_a_publish(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t step = 1; step <= cases[i].packet.n; step++)
            assert_int_equal(id_of(cases[i].packet, step), cases[i].id);
    assert_int_equal(parts_publish_id(NULL, 0), 0);
}

static void test_longer_lengths(void **state)
{
    (void)state;
    char packet[400] = "\x32\x8c\x03\x01\x00"; /* 396 bytes, of which 256 are the topic */
    memset(packet + 5, 't', 256);
    packet[261] = 0x01;
    packet[262] = 0x02;
    for (size_t step = 1; step <= sizeof packet; step++)
        assert_int_equal(id_of((struct str){packet, sizeof packet}, step), 0x0102);
    struct str longest = STR("\x32\x88\x80\x80\x00\x00\x01t\x12\x34hi"); /* in four bytes */
    assert_int_equal(id_of(longest, 3), 0x1234);
}

static void test_peek(void **state)
{
    (void)state;
    struct iovec parts[3] = {{"ab", 2}, {NULL, 0}, {"cd", 2}};
    unsigned char bytes[4];
    assert_int_equal(parts_peek(parts, 3, 0, bytes, 4), 4);
    assert_memory_equal(bytes, "abcd", 4);
    assert_int_equal(parts_peek(parts, 3, 1, bytes, 2), 2);
    assert_memory_equal(bytes, "bc", 2);
    assert_int_equal(parts_peek(parts, 3, 3, bytes, 4), 1);
    assert_int_equal(parts_peek(parts, 3, 4, bytes, 4), 0);
    assert_int_equal(parts_peek(parts, 3, SIZE_MAX, bytes, 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_id_of_a_publish),
        cmocka_unit_test(test_longer_lengths),
        cmocka_unit_test(test_peek),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
