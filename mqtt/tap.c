#include "mqtt/tap.h"

#define PUBACK           0x40
#define DISCONNECT       0xe0
#define PACKET_ID_BYTES  2
#define LENGTH_SHIFT_MAX 21 /* four bytes of seven bits: MQTT 5 section 1.5.5 */

void tap_init(struct tap *tap, struct receipts *receipts)
{
    *tap = (struct tap){.receipts = receipts, .disconnect_reason = TAP_NO_REASON};
}

/* A reason that is left out is 0, in a PUBACK "success" and in a DISCONNECT "normal". */
static void end_packet(struct tap *tap)
{
    const unsigned char *head = tap->head;
    tap->part = TAP_TYPE;
    if (tap->type == PUBACK && tap->head_n >= PACKET_ID_BYTES)
        receipts_hear_puback(tap->receipts, head[0] << 8 | head[1], head[2]);
    else if (tap->type == DISCONNECT && tap->disconnect_reason == TAP_NO_REASON)
        tap->disconnect_reason = head[0];
}

static void begin_packet(struct tap *tap, unsigned char type)
{
    tap->type = type;
    tap->left = tap->shift = 0;
    memset(tap->head, 0, sizeof tap->head);
    tap->head_n = 0;
    tap->part = TAP_LENGTH;
}

static void hear_length(struct tap *tap, unsigned char byte)
{
    tap->left |= (uint32_t)(byte & 0x7f) << tap->shift;
    tap->shift += 7;
    /* Paho refuses a longer length itself; here it only must not shift out of range. */
    if ((byte & 0x80) != 0 && tap->shift <= LENGTH_SHIFT_MAX)
        return;
    tap->part = TAP_BODY;
    if (tap->left == 0)
        end_packet(tap);
}

/* Bytes of the body, no more than are left. */
static void hear_body(struct tap *tap, const char *p, size_t n)
{
    for (size_t i = 0; i < n && tap->head_n < sizeof tap->head; i++)
        tap->head[tap->head_n++] = (unsigned char)p[i];
    tap->left -= (uint32_t)n;
    if (tap->left == 0)
        end_packet(tap);
}

void tap_hear(struct tap *tap, struct str bytes)
{
    tap->bytes += bytes.n;
    for (size_t i = 0; i < bytes.n;) {
        size_t n = 1;
        if (tap->part == TAP_TYPE) {
            begin_packet(tap, (unsigned char)bytes.p[i]);
        } else if (tap->part == TAP_LENGTH) {
            hear_length(tap, (unsigned char)bytes.p[i]);
        } else {
            n = bytes.n - i < tap->left ? bytes.n - i : tap->left;
            hear_body(tap, bytes.p + i, n);
        }
        i += n;
    }
}
