#include "tests/mqtt/rig.h"

#include "base/now.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define PATIENCE_MS 5000

static void on_link(void *context, bool is_up)
{
    struct rig *rig = context;
    assert_int_not_equal(rig->is_up, is_up);
    rig->is_up = is_up;
    rig->ups += is_up ? 1 : 0;
    rig->downs += is_up ? 0 : 1;
}

static void copy(char *to, size_t size, struct str from)
{
    snprintf(to, size, "%.*s", STR_ARG(from));
}

static void on_arrival(void *context, const struct arrival *arrival)
{
    struct rig *rig = context;
    assert_true(rig->arrival_count < RIG_MAX);
    struct rig_arrival *kept = &rig->arrivals[rig->arrival_count++];
    *kept = (struct rig_arrival){
        .payload_n = arrival->payload.n,
        .expiry_s = arrival->expiry_s,
        .qos = arrival->qos,
        .is_retained = arrival->is_retained,
        .is_duplicate = arrival->is_duplicate,
        .ticket = arrival->ack_ticket,
    };
    copy(kept->topic, sizeof kept->topic, arrival->topic);
    copy(kept->payload, sizeof kept->payload, arrival->payload);
    copy(kept->response_topic, sizeof kept->response_topic, arrival->response_topic);
    copy(kept->correlation, sizeof kept->correlation, arrival->correlation);
    copy(kept->traceparent, sizeof kept->traceparent, arrival->trace.parent);
    copy(kept->tracestate, sizeof kept->tracestate, arrival->trace.state);
    if (rig->acknowledges)
        mqtt_acknowledge(rig->mqtt, arrival->ack_ticket);
}

static void on_delivered(void *context, uint64_t post_id, enum err err)
{
    struct rig *rig = context;
    assert_true(rig->delivered_count < RIG_MAX);
    rig->delivered[rig->delivered_count] = post_id;
    rig->delivered_err[rig->delivered_count++] = err;
}

struct mqtt_options rig_options(const char *url, int version)
{
    static const char *const filters[] = {"rig/#"};
    return (struct mqtt_options){
        .url = url,
        .client_id = "rig",
        .version = version,
        .keep_alive_s = 10,
        .filters = filters,
        .filter_count = 1,
    };
}

void rig_start(struct rig *rig, const struct mqtt_options *options)
{
    *rig = (struct rig){0};
    struct mqtt_events events = {rig, on_link, on_arrival, on_delivered};
    struct why why = {0};
    enum err err = mqtt_new(options, &events, &rig->mqtt, &why);
    if (err != ERR_NONE)
        fail_msg("mqtt_new: %s: %s", why.field, why.text);
}

void rig_end(struct rig *rig)
{
    mqtt_free(rig->mqtt);
    rig->mqtt = NULL;
}

/* A link is turned only when it has asked for it. */
static void turn(struct rig *const *rigs, size_t count, int64_t wait_ms)
{
    struct pollfd fds[RIG_PAIR];
    for (size_t i = 0; i < count; i++) {
        mqtt_flush(rigs[i]->mqtt);
        int64_t due_ms = mqtt_due_ms(rigs[i]->mqtt) - now_mono_ms();
        wait_ms = due_ms < 0 ? 0 : due_ms < wait_ms ? due_ms : wait_ms;
        fds[i] = (struct pollfd){.fd = mqtt_fd(rigs[i]->mqtt), .events = POLLIN};
        if (mqtt_wants_write(rigs[i]->mqtt))
            fds[i].events |= POLLOUT;
    }
    assert_true(poll(fds, count, (int)wait_ms) >= 0);
    for (size_t i = 0; i < count; i++) {
        if (fds[i].revents != 0 || mqtt_due_ms(rigs[i]->mqtt) <= now_mono_ms())
            mqtt_turn(rigs[i]->mqtt);
        mqtt_flush(rigs[i]->mqtt);
    }
}

void rig_turn(struct rig *rig, int max_wait_ms)
{
    turn(&rig, 1, max_wait_ms);
}

void rig_turn_pair(struct rig *const rigs[RIG_PAIR], int max_wait_ms)
{
    turn(rigs, RIG_PAIR, max_wait_ms);
}

#define UNTIL(rig, condition)                                                                      \
    do {                                                                                           \
        int64_t deadline_ms = now_mono_ms() + PATIENCE_MS;                                         \
        while (!(condition)) {                                                                     \
            if (now_mono_ms() > deadline_ms)                                                       \
                fail_msg("%s: never; last problem: %s", #condition,                                \
                         mqtt_last_problem((rig)->mqtt));                                          \
            rig_turn(rig, 50);                                                                     \
        }                                                                                          \
    } while (0)

void rig_until_up(struct rig *rig)
{
    UNTIL(rig, rig->is_up);
}

void rig_until_down(struct rig *rig)
{
    UNTIL(rig, !rig->is_up);
}

void rig_until_failed(struct rig *rig)
{
    uint64_t before = mqtt_stats(rig->mqtt).failures;
    UNTIL(rig, mqtt_stats(rig->mqtt).failures > before);
    assert_false(rig->is_up);
}

void rig_until_arrivals(struct rig *rig, size_t count)
{
    UNTIL(rig, rig->arrival_count >= count);
}

void rig_until_delivered(struct rig *rig, size_t count)
{
    UNTIL(rig, rig->delivered_count >= count);
}

void rig_for_ms(struct rig *rig, int ms)
{
    for (int64_t end_ms = now_mono_ms() + ms; now_mono_ms() < end_ms;)
        rig_turn(rig, 20);
}

void rig_publish(struct rig *rig, uint64_t id, const char *topic, const char *payload)
{
    struct post post = {.id = id, .topic = str_of(topic), .payload = str_of(payload)};
    assert_int_equal(mqtt_publish(rig->mqtt, &post), ERR_NONE);
}

void rig_acknowledge(struct rig *rig, size_t arrival)
{
    mqtt_acknowledge(rig->mqtt, rig->arrivals[arrival].ticket);
}
