/* A link under test with everything it reported, and a loop around it. */
#ifndef TESTS_MQTT_RIG_H
#define TESTS_MQTT_RIG_H

#include "mqtt/mqtt.h"

#define RIG_MAX   4096
#define RIG_TOPIC "rig/commands"

struct rig_arrival {
    char topic[128];
    char payload[64]; /* the start of it */
    size_t payload_n;
    char response_topic[64];
    char correlation[64];
    char traceparent[64];
    char tracestate[64];
    int64_t expiry_s;
    int qos;
    bool is_retained;
    bool is_duplicate;
    uint64_t ticket;
};

struct rig {
    struct mqtt *mqtt;
    bool acknowledges; /* each arrival as it comes */
    bool is_up;
    int ups;
    int downs;
    size_t arrival_count;
    struct rig_arrival arrivals[RIG_MAX];
    size_t delivered_count;
    uint64_t delivered[RIG_MAX];
    enum err delivered_err[RIG_MAX];
};

/* Options for a link to url with one filter, "rig/#". */
struct mqtt_options rig_options(const char *url, int version);
void rig_start(struct rig *rig, const struct mqtt_options *options);
void rig_end(struct rig *rig);

void rig_turn(struct rig *rig, int max_wait_ms); /* one round of the loop */
#define RIG_PAIR 2
void rig_turn_pair(struct rig *const rigs[RIG_PAIR], int max_wait_ms); /* of a loop for both */

/* Each turns the loop until it is so, and fails the test after five seconds. */
void rig_until_up(struct rig *rig);
void rig_until_down(struct rig *rig);
void rig_until_failed(struct rig *rig); /* an attempt to connect has */
void rig_until_arrivals(struct rig *rig, size_t count);
void rig_until_delivered(struct rig *rig, size_t count);
void rig_for_ms(struct rig *rig, int ms);

void rig_publish(struct rig *rig, uint64_t id, const char *topic, const char *payload);
void rig_acknowledge(struct rig *rig, size_t arrival);

#endif
