#include "mqtt/tap.h"

#define DISCONNECT       0xe0
#define NORMAL           0x00 /* the reason when a DISCONNECT has none */
#define LENGTH_SHIFT_MAX 21   /* four bytes of seven bits: MQTT 5 section 1.5.5 */

void tap_init(struct tap *tap)
{
    *tap = (struct tap){.disconnect_reason = TAP_NO_REASON};
}

static void end_packet(struct tap *tap)
{
    tap->part = TAP_HEAD;
    if (tap->type == DISCONNECT && tap->disconnect_reason == TAP_NO_REASON)
        tap->disconnect_reason = NORMAL;
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

/* Bytes of the body, at least one and no more than are left. */
static void hear_body(struct tap *tap, const char *p, size_t n)
{
    if (tap->type == DISCONNECT && tap->disconnect_reason == TAP_NO_REASON)
        tap->disconnect_reason = (unsigned char)p[0];
    tap->left -= (uint32_t)n;
    if (tap->left == 0)
        end_packet(tap);
}

void tap_hear(struct tap *tap, struct str bytes)
{
    tap->bytes += bytes.n;
    for (size_t i = 0; i < bytes.n;) {
        size_t n = 1;
        if (tap->part == TAP_HEAD) {
            tap->type = (unsigned char)bytes.p[i];
            tap->left = tap->shift = 0;
            tap->part = TAP_LENGTH;
        } else if (tap->part == TAP_LENGTH) {
            hear_length(tap, (unsigned char)bytes.p[i]);
        } else {
            n = bytes.n - i < tap->left ? bytes.n - i : tap->left;
            hear_body(tap, bytes.p + i, n);
        }
        i += n;
    }
}
