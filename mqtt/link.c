#include "mqtt/link.h"

#include "base/now.h"
#include "base/utf8.h"
#include "mqtt/property.h"
#include "mqtt/reason_code.h"
#include "mqtt/wraps.h"

#include <string.h>

#define TOPIC_MAX      65535 /* bytes: MQTT's length has 16 bits */
#define PACKET_TRIM    64    /* bytes: fixed header, lengths, packet id, property ids */
#define SETTLE_STEP_MS 100
#define USER_TRIM      5 /* bytes: of a user property, beside its name and value */

/* Paho's: how often it looks at keep alives, of all handles and by the clock of the last connect.
 * As often as the link entered needs it, so that each gets what it needs. */
void setRetryLoopInterval(int keep_alive_s);

void link_init(struct link *link, const struct setup *setup)
{
    *link = (struct link){.setup = setup, .keep_alive_s = setup->options.keep_alive_s};
    gate_init(&link->gate, &link->receipts);
    buf_init(&link->topic, TOPIC_MAX + 1);
    wraps_attach(&link->gate);
}

void link_fini(struct link *link)
{
    link_close(link);
    wraps_detach(&link->gate);
    gate_fini(&link->gate);
    buf_fini(&link->topic);
}

void link_enter(struct link *link)
{
    setRetryLoopInterval(link->keep_alive_s);
    wraps_enter(&link->gate);
}

void link_leave(void)
{
    wraps_leave();
}

void link_close(struct link *link)
{
    if (link->handle != NULL) {
        MQTTClient_disconnect(link->handle, 0);
        MQTTClient_destroy(&link->handle);
    }
    link->handle = NULL;
    gate_shut(&link->gate);
    receipts_clear(&link->receipts, 0);
}

bool link_is_connected(const struct link *link)
{
    return link->handle != NULL && !link->gate.is_cut && !link->gate.is_broken &&
           MQTTClient_isConnected(link->handle);
}

enum err link_why_lost(const struct link *link, struct why *why)
{
    int code = link->gate.tap.disconnect_reason;
    const struct broker_url *url = &link->setup->url;
    if (link->gate.connect_error != 0)
        return why_set(why, ERR_DOWN, NULL, "no connection to %s port %d: %s", url->host, url->port,
                       strerror(link->gate.connect_error));
    if (code != TAP_NO_REASON)
        return why_set(why, ERR_DOWN, NULL, "the broker closed the connection: %s",
                       reason_code_text(code));
    if (link->gate.problem.text[0] == '\0')
        return why_set(why, ERR_DOWN, NULL, "the broker closed the connection");
    *why = link->gate.problem;
    return ERR_DOWN;
}

static size_t packet_bytes(const struct link_message *message)
{
    return message->topic.n + message->payload.n + message->correlation.n + PACKET_TRIM;
}

static size_t trace_bytes(const struct trace *trace)
{
    size_t parent = trace->parent.n + sizeof PROPERTY_TRACEPARENT + USER_TRIM;
    size_t state = trace->state.n + sizeof PROPERTY_TRACESTATE + USER_TRIM;
    return trace_is_absent(trace) ? 0 : parent + state;
}

static bool is_publishable(const struct link *link, const struct link_message *message)
{
    struct str topic = message->topic;
    return topic.n > 0 && topic.n <= TOPIC_MAX && packet_bytes(message) <= link->packet_max &&
           message->correlation.n <= LIMITS_CORRELATION_BYTES && utf8_is_valid(topic) &&
           !str_has(topic, '\0') && !str_has(topic, '+') && !str_has(topic, '#');
}

/* A trace is worth less than what it is about: where both do not fit, it stays behind. */
static int publish_v5(struct link *link, const struct link_message *message, const char *topic)
{
    MQTTProperties properties = MQTTProperties_initializer;
    bool has_room = packet_bytes(message) + trace_bytes(&message->trace) <= link->packet_max;
    int rc = property_write(message, has_room, &properties);
    if (rc == 0) {
        MQTTResponse response =
            MQTTClient_publish5(link->handle, topic, (int)message->payload.n, message->payload.p, 1,
                                message->is_retained, &properties, NULL);
        rc = (int)response.reasonCode;
        MQTTResponse_free(response);
    }
    MQTTProperties_free(&properties);
    return rc;
}

static int publish_v3(struct link *link, const struct link_message *message, const char *topic)
{
    return MQTTClient_publish(link->handle, topic, (int)message->payload.n, message->payload.p, 1,
                              message->is_retained, NULL);
}

enum err link_publish(struct link *link, const struct link_message *message)
{
    if (!link_is_connected(link))
        return ERR_DOWN;
    if (!is_publishable(link, message))
        return ERR_INVALID;
    struct receipts *receipts = &link->receipts;
    if (window_room(&receipts->window) == 0)
        return ERR_FULL;
    buf_clear(&link->topic);
    buf_add(&link->topic, message->topic);
    const char *topic = buf_text(&link->topic);
    if (buf_err(&link->topic) != ERR_NONE)
        return ERR_NO_MEMORY;
    window_add(&receipts->window, message->post_id, message->is_own);
    bool is_v5 = link->setup->options.version == 5;
    link_enter(link);
    int rc = is_v5 ? publish_v5(link, message, topic) : publish_v3(link, message, topic);
    link_leave();
    if (rc == MQTTCLIENT_SUCCESS && window_last_has_name(&receipts->window))
        return ERR_NONE;
    /* Nothing went out. A handle in which a publish fails is not worth keeping. */
    window_drop_last(&receipts->window);
    gate_cut(&link->gate, "a publish failed in the MQTT library (%d)", rc);
    return ERR_DOWN;
}

bool link_pull(struct link *link, struct link_pulled *ret)
{
    *ret = (struct link_pulled){0};
    uint64_t heard = link->gate.tap.bytes;
    int topic_n = 0;
    /* The result only repeats what link_is_connected knows, and may be an error with a message. */
    link_enter(link);
    MQTTClient_receive(link->handle, &ret->topic, &topic_n, &ret->message, 0);
    link_leave();
    ret->topic_n = (size_t)topic_n;
    if (ret->message != NULL && ret->message->qos > 0)
        link->qos1_arrivals++;
    return ret->message != NULL || link->gate.tap.bytes != heard;
}

void link_pulled_free(struct link_pulled *pulled)
{
    if (pulled->message != NULL)
        MQTTClient_freeMessage(&pulled->message);
    if (pulled->topic != NULL)
        MQTTClient_free(pulled->topic);
    *pulled = (struct link_pulled){0};
}

void link_arrival(const struct link *link, const struct link_pulled *pulled,
                  struct arrival *ret_arrival)
{
    MQTTClient_message *message = pulled->message;
    struct str payload = {message->payload, (size_t)message->payloadlen};
    *ret_arrival = (struct arrival){
        .topic = {pulled->topic, pulled->topic_n},
        .payload = payload.n > 0 ? payload : STR(""),
        .expiry_s = -1,
        .qos = message->qos,
        .is_retained = message->retained != 0,
        .is_duplicate = message->dup != 0,
    };
    if (message->qos > 0)
        ret_arrival->ack_ticket = link->generation << 16 | (uint16_t)message->msgid;
    if (link->setup->options.version == 5)
        property_read(&message->properties, ret_arrival);
}

void link_settle(struct link *link, size_t on_their_way, int64_t deadline_ms)
{
    while (link_is_connected(link) && link->receipts.window.count > on_their_way) {
        gate_flush(&link->gate);
        struct link_pulled pulled;
        bool has_progress = link_pull(link, &pulled);
        link_pulled_free(&pulled);
        int64_t left_ms = deadline_ms - now_mono_ms();
        if (left_ms <= 0)
            return;
        short events = (short)(POLLIN | (gate_wants_write(&link->gate) ? POLLOUT : 0));
        struct pollfd fd = {.fd = link->gate.fd, .events = events};
        if (!has_progress)
            wraps_poll(&fd, 1, (int)(left_ms < SETTLE_STEP_MS ? left_ms : SETTLE_STEP_MS));
    }
}

void link_acknowledge(struct link *link, uint64_t ticket)
{
    if (ticket >> 16 == link->generation && link->handle != NULL)
        gate_release(&link->gate, (uint16_t)(ticket & UINT16_MAX));
}

bool link_is_balanced(const struct link *link)
{
    return link->gate.held.total == link->qos1_arrivals;
}

bool link_is_silent(const struct link *link, int64_t now_ms)
{
    int64_t ping_ms = link->gate.ping_ms;
    return ping_ms != 0 && now_ms - ping_ms >= (int64_t)link->keep_alive_s * 500;
}
