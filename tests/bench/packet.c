#include "tests/bench/packet.h"

#define CLEAN_SESSION 0x02
#define QOS_1         0x02 /* in the fixed header of a PUBLISH */
#define QOS_BITS      0x06
#define RESERVED_BIT  0x02 /* in the fixed header of a SUBSCRIBE */

/* A variable byte integer; false if it is cut short. */
static bool cut_length(struct str *bytes, size_t *ret)
{
    size_t value = 0;
    for (unsigned i = 0; i < 4 && i < bytes->n; i++) {
        unsigned char byte = (unsigned char)bytes->p[i];
        value |= (size_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *bytes = (struct str){bytes->p + i + 1, bytes->n - i - 1};
            *ret = value;
            return true;
        }
    }
    return false;
}

static bool cut_bytes(struct str *bytes, size_t n, struct str *ret)
{
    if (bytes->n < n)
        return false;
    *ret = (struct str){bytes->p, n};
    *bytes = (struct str){bytes->p + n, bytes->n - n};
    return true;
}

static bool cut_u16(struct str *bytes, uint16_t *ret)
{
    struct str two;
    if (!cut_bytes(bytes, 2, &two))
        return false;
    *ret = (uint16_t)((unsigned char)two.p[0] << 8 | (unsigned char)two.p[1]);
    return true;
}

bool packet_cut(struct str *bytes, struct packet *ret)
{
    struct str rest = *bytes;
    struct str first;
    size_t n;
    struct str body;
    if (!cut_bytes(&rest, 1, &first) || !cut_length(&rest, &n) || !cut_bytes(&rest, n, &body))
        return false;
    unsigned char byte = (unsigned char)first.p[0];
    *ret = (struct packet){.type = byte >> 4, .flags = byte & 15, .body = body};
    *bytes = rest;
    return true;
}

bool packet_message(const struct packet *packet, int version, struct packet_message *ret)
{
    struct str rest = packet->body;
    struct packet_message message = {0};
    uint16_t topic_n;
    size_t properties_n = 0;
    struct str properties;
    bool has_id = (packet->flags & QOS_BITS) != 0;
    if (packet->type != PACKET_PUBLISH || !cut_u16(&rest, &topic_n) ||
        !cut_bytes(&rest, topic_n, &message.topic) || (has_id && !cut_u16(&rest, &message.id)) ||
        (version == 5 && !cut_length(&rest, &properties_n)) ||
        !cut_bytes(&rest, properties_n, &properties))
        return false;
    message.payload = rest;
    *ret = message;
    return true;
}

int packet_code(const struct packet *packet, int version)
{
    struct str rest = packet->body;
    struct str skipped;
    size_t properties_n = 0;
    if (!cut_bytes(&rest, packet->type == PACKET_CONNACK ? 1 : 2, &skipped))
        return -1;
    if (packet->type == PACKET_PUBACK && rest.n == 0)
        return 0;
    if (packet->type == PACKET_SUBACK && version == 5 &&
        (!cut_length(&rest, &properties_n) || !cut_bytes(&rest, properties_n, &skipped)))
        return -1;
    return rest.n > 0 ? (unsigned char)rest.p[0] : -1;
}

static void add_u16(struct buf *out, size_t value)
{
    buf_add_byte(out, (char)(value >> 8));
    buf_add_byte(out, (char)(value & 0xff));
}

static void add_text(struct buf *out, struct str text)
{
    add_u16(out, text.n);
    buf_add(out, text);
}

static void add_header(struct buf *out, enum packet_type type, unsigned flags, size_t n)
{
    buf_add_byte(out, (char)((unsigned)type << 4 | flags));
    for (; n >= 0x80; n >>= 7)
        buf_add_byte(out, (char)((n & 0x7f) | 0x80));
    buf_add_byte(out, (char)n);
}

/* Properties, of which there are none, exist only in MQTT 5. */
static size_t properties_size(int version)
{
    return version == 5 ? 1 : 0;
}

static void add_properties(struct buf *out, int version)
{
    if (version == 5)
        buf_add_byte(out, 0);
}

void packet_connect(struct buf *out, int version, const char *client_id)
{
    struct str id = str_of(client_id);
    add_header(out, PACKET_CONNECT, 0, 10 + properties_size(version) + 2 + id.n);
    add_text(out, STR("MQTT"));
    buf_add_byte(out, version == 5 ? 5 : 4);
    buf_add_byte(out, CLEAN_SESSION);
    add_u16(out, 0);
    add_properties(out, version);
    add_text(out, id);
}

void packet_subscribe(struct buf *out, int version, uint16_t id, const char *filter)
{
    struct str text = str_of(filter);
    add_header(out, PACKET_SUBSCRIBE, RESERVED_BIT, 2 + properties_size(version) + 2 + text.n + 1);
    add_u16(out, id);
    add_properties(out, version);
    add_text(out, text);
    buf_add_byte(out, 1);
}

void packet_publish(struct buf *out, int version, const struct packet_message *message)
{
    bool has_id = message->id != 0;
    size_t n = 2 + message->topic.n + (has_id ? 2 : 0) + properties_size(version);
    add_header(out, PACKET_PUBLISH, has_id ? QOS_1 : 0, n + message->payload.n);
    add_text(out, message->topic);
    if (has_id)
        add_u16(out, message->id);
    add_properties(out, version);
    buf_add(out, message->payload);
}

void packet_puback(struct buf *out, uint16_t id)
{
    add_header(out, PACKET_PUBACK, 0, 2);
    add_u16(out, id);
}
