/* The link over TLS, with a real Mosquitto, certificates made for the test and a bad network. */
#include "base/log.h"
#include "base/now.h"
#include "tests/fakes/broker_process.h"
#include "tests/fakes/broker_relay.h"
#include "tests/mqtt/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define LARGE (64 * 1024)

static struct broker_process broker;
static struct rig *rig;
static struct broker_relay *relay;
static char ca_file[96];
static char relay_url[64];

static struct mqtt_options options_of(int version)
{
    struct mqtt_options options = rig_options(broker.url, version);
    options.has_clean_session = true;
    options.ca_file = ca_file;
    return options;
}

static void round_trips(int version)
{
    struct mqtt_options options = options_of(version);
    rig_start(rig, &options);
    rig->acknowledges = true;
    rig_until_up(rig);
    int64_t start_ms = now_mono_ms();
    for (size_t i = 0; i < 100; i++) {
        rig_publish(rig, i, RIG_TOPIC, "secret");
        rig_until_arrivals(rig, i + 1);
        rig_until_delivered(rig, i + 1);
    }
    assert_true(now_mono_ms() - start_ms < 800);
    assert_string_equal(rig->arrivals[99].payload, "secret");
    mqtt_stop(rig->mqtt, 1000);
    rig_end(rig);
}

static void test_round_trips(void **state)
{
    (void)state;
    round_trips(5);
    round_trips(3);
}

static void assert_refused(const struct mqtt_options *options, const char *words)
{
    rig_start(rig, options);
    rig_until_failed(rig);
    if (strstr(mqtt_last_problem(rig->mqtt), words) == NULL)
        fail_msg("%s: expected %s", mqtt_last_problem(rig->mqtt), words);
    rig_end(rig);
}

static void test_untrusted_brokers(void **state)
{
    (void)state;
    char url[64];
    snprintf(url, sizeof url, "mqtts://127.0.0.1:%d", broker.port);
    struct mqtt_options options = options_of(5);
    options.url = url;
    assert_refused(&options, "IP address mismatch");

    char other_ca[96];
    snprintf(other_ca, sizeof other_ca, "%s/other-ca.pem", broker.dir);
    options = options_of(5);
    options.ca_file = other_ca;
    assert_refused(&options, "unable to get local issuer certificate");
    options.ca_file = NULL; /* the system's */
    assert_refused(&options, "unable to get local issuer certificate");

    options = options_of(5);
    snprintf(url, sizeof url, "mqtt://127.0.0.1:%d", broker.port);
    options.url = url;
    options.ca_file = NULL; /* no TLS where TLS is expected */
    assert_refused(&options, "closed the connection");
}

/* With TLS 1.3 the client learns it only after the handshake, from an alert. */
static void test_a_broker_that_wants_a_certificate(void **state)
{
    (void)state;
    struct broker_process strict;
    broker_process_init(&strict, "cafile %s/ca.pem\nrequire_certificate true\n", true);
    broker_process_start(&strict);
    char ca[96];
    snprintf(ca, sizeof ca, "%s/ca.pem", strict.dir);
    for (int version = 3; version <= 5; version += 2) {
        struct mqtt_options options = options_of(version);
        options.url = strict.url;
        options.ca_file = ca;
        assert_refused(&options, "alert certificate required");
    }
    broker_process_fini(&strict);
}

static void publish_large(uint64_t id)
{
    static char payload[LARGE];
    memset(payload, 'a' + (int)(id % 26), sizeof payload);
    struct post post = {.id = id, .topic = STR(RIG_TOPIC), .payload = {payload, LARGE}};
    assert_int_equal(mqtt_publish(rig->mqtt, &post), ERR_NONE);
}

/* Records that the socket takes in part, and in the middle of which more is appended. */
static void test_partial_writes(void **state)
{
    (void)state;
    struct mqtt_options options = options_of(5);
    options.url = relay_url;
    rig_start(rig, &options);
    rig->acknowledges = true;
    rig_until_up(rig);
    broker_relay_throttle(relay, 0);
    bool was_full = false;
    for (uint64_t id = 0; id < 100; id++) {
        publish_large(id);
        mqtt_flush(rig->mqtt);
        was_full |= mqtt_wants_write(rig->mqtt);
    }
    assert_true(was_full);
    broker_relay_throttle(relay, 16000);
    rig_for_ms(rig, 100);
    broker_relay_throttle(relay, 1024 * 1024);
    rig_until_arrivals(rig, 100);
    rig_until_delivered(rig, 100);
    for (uint64_t id = 0; id < 100; id++) {
        assert_int_equal(rig->delivered[id], id);
        assert_int_equal(rig->arrivals[id].payload_n, LARGE);
        assert_int_equal(rig->arrivals[id].payload[0], 'a' + (int)(id % 26));
    }
    assert_int_equal(rig->downs, 0);
}

static void test_resets(void **state)
{
    (void)state;
    for (int round = 0; round < 6; round++) {
        struct mqtt_options options = options_of(round % 2 == 0 ? 5 : 3);
        options.url = relay_url;
        rig_start(rig, &options);
        rig_until_up(rig);
        if (round > 2)
            broker_relay_throttle(relay, 0); /* reset with output waiting in TLS and behind it */
        for (uint64_t id = 0; id < 50; id++)
            publish_large(id);
        mqtt_flush(rig->mqtt);
        broker_relay_reset(relay);
        rig_until_down(rig);
        broker_relay_throttle(relay, 1024 * 1024);
        mqtt_retry(rig->mqtt);
        rig_until_up(rig);
        size_t before = rig->delivered_count;
        rig_publish(rig, 1000, RIG_TOPIC, "after all");
        rig_until_delivered(rig, before + 1);
        assert_int_equal(rig->delivered[before], 1000);
        rig_end(rig);
    }
}

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    rig = calloc(1, sizeof *rig);
    broker_process_init(&broker, NULL, true);
    broker_process_start(&broker);
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", broker.dir);
    relay = broker_relay_new(broker.port);
    snprintf(relay_url, sizeof relay_url, "mqtts://localhost:%d", broker_relay_port(relay));
    return rig == NULL;
}

static int clear_up(void **state)
{
    (void)state;
    rig_end(rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    broker_relay_free(relay);
    broker_process_fini(&broker);
    free(rig);
    return 0;
}

#define UNIT(test) cmocka_unit_test_teardown(test, clear_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_round_trips),
        UNIT(test_untrusted_brokers),
        UNIT(test_a_broker_that_wants_a_certificate),
        UNIT(test_partial_writes),
        UNIT(test_resets),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
