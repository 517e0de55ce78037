#include "mqtt/parts.h"

#include <string.h>

#define QOS_BITS   0x06
#define LENGTH_MAX 4 /* bytes of the length of a packet: MQTT 5 section 1.5.5 */

size_t parts_peek(const struct iovec *parts, int count, size_t at, unsigned char *bytes, size_t max)
{
    size_t n = 0;
    for (int i = 0; i < count && n < max; i++) {
        size_t left = parts[i].iov_len;
        if (at >= left) {
            at -= left;
            continue;
        }
        size_t take = left - at < max - n ? left - at : max - n;
        memcpy(bytes + n, (const char *)parts[i].iov_base + at, take);
        n += take;
        at = 0;
    }
    return n;
}

/* The first byte, the packet's length, the topic's length, the topic, the packet id. */
int parts_publish_id(const struct iovec *parts, int count)
{
    unsigned char head[1 + LENGTH_MAX + 2] = {0};
    unsigned char id[2];
    (void)parts_peek(parts, count, 0, head, sizeof head);
    if ((head[0] & QOS_BITS) == 0)
        return 0;
    size_t at = 1;
    while (at < LENGTH_MAX && (head[at] & 0x80) != 0)
        at++;
    at++;
    at += 2 + (size_t)(head[at] << 8 | head[at + 1]);
    return parts_peek(parts, count, at, id, sizeof id) == sizeof id ? id[0] << 8 | id[1] : 0;
}
