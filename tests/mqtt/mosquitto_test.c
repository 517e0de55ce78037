/* The link against a real Mosquitto. */
#include "base/log.h"
#include "base/now.h"
#include "tests/fakes/broker_process.h"
#include "tests/mqtt/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define STATUS "rig-status/link"

static struct broker_process broker;
static struct rig *rig;

static struct mqtt_options options_of(int version, bool has_clean_session)
{
    struct mqtt_options options = rig_options(broker.url, version);
    options.has_clean_session = has_clean_session;
    return options;
}

/* A message from somebody else; more: further arguments of mosquitto_pub, the rest NULL. */
static void someone_publishes(const char *topic, const char *payload, const char *const more[6])
{
    char port[8];
    snprintf(port, sizeof port, "%d", broker.port);
    const char *argv[16] = {
        "/usr/bin/mosquitto_pub", "-p", port, "-t", topic, "-m", payload, "-q", "1"};
    for (size_t i = 0; i < 6; i++)
        argv[9 + i] = more[i];
    assert_int_equal(broker_process_run(argv, NULL), 0);
}

/* With the words, which give it a property, twice. */
static void someone_publishes_twice(const char *const property[5])
{
    char port[8];
    snprintf(port, sizeof port, "%d", broker.port);
    const char *argv[] = {"/usr/bin/mosquitto_pub",
                          "-p",
                          port,
                          "-t",
                          RIG_TOPIC,
                          "-m",
                          "twice",
                          property[0],
                          property[1],
                          property[2],
                          property[3],
                          property[4],
                          property[0],
                          property[1],
                          property[2],
                          property[3],
                          property[4],
                          "-q",
                          "1",
                          "-V",
                          "5",
                          NULL};
    assert_int_equal(broker_process_run(argv, NULL), 0);
}

static void assert_retained(const char *topic, const char *payload)
{
    char port[8];
    snprintf(port, sizeof port, "%d", broker.port);
    const char *const argv[] = {"/usr/bin/mosquitto_sub",
                                "-p",
                                port,
                                "-t",
                                topic,
                                "-C",
                                "1",
                                "-W",
                                "3",
                                "-F",
                                "%r %p",
                                NULL};
    char *output = NULL;
    char expected[64];
    snprintf(expected, sizeof expected, "1 %s\n", payload);
    int status = broker_process_run(argv, &output);
    assert_string_equal(output, expected);
    assert_int_equal(status, 0);
    free(output);
}

/* The link hears itself: its filter covers the topic it publishes to. A delayed acknowledgement of
 * TCP is 40 ms: one of them in each round trip would be ten times what is allowed here. */
static void round_trips(int version)
{
    struct mqtt_options options = options_of(version, true);
    rig_start(rig, &options);
    rig->acknowledges = true;
    rig_until_up(rig);
    int64_t start_ms = now_mono_ms();
    for (size_t i = 0; i < 100; i++) {
        rig_publish(rig, 1000 + i, RIG_TOPIC, "hello");
        rig_until_arrivals(rig, i + 1);
        rig_until_delivered(rig, i + 1);
    }
    assert_true(now_mono_ms() - start_ms < 400);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(rig->delivered[i], 1000 + i);
        assert_int_equal(rig->delivered_err[i], ERR_NONE);
        assert_string_equal(rig->arrivals[i].topic, RIG_TOPIC);
        assert_string_equal(rig->arrivals[i].payload, "hello");
        assert_int_equal(rig->arrivals[i].qos, 1);
        assert_int_equal(rig->arrivals[i].expiry_s, -1);
    }
    rig_for_ms(rig, 50);
    assert_int_equal(rig->delivered_count, 100); /* once each */
    struct mqtt_stats stats = mqtt_stats(rig->mqtt);
    assert_int_equal(stats.connects, 1);
    assert_int_equal(stats.failures + stats.losses, 0);
    assert_int_equal(stats.acknowledged, 100);
    assert_int_equal(stats.on_their_way, 0);
    assert_in_range(stats.heard_ms, start_ms, now_mono_ms());
    mqtt_stop(rig->mqtt, 1000);
    rig_end(rig);
}

static void test_round_trips(void **state)
{
    (void)state;
    round_trips(5);
    round_trips(3);
}

static void test_properties(void **state)
{
    (void)state;
    struct mqtt_options options = options_of(5, true);
    rig_start(rig, &options);
    rig_until_up(rig);
    someone_publishes(RIG_TOPIC, "a",
                      (const char *[6]){"-V", "5", "-D", "publish", "response-topic", "answers/1"});
    someone_publishes(RIG_TOPIC, "b",
                      (const char *[6]){"-V", "5", "-D", "publish", "correlation-data", "abc"});
    someone_publishes(
        RIG_TOPIC, "c",
        (const char *[6]){"-V", "5", "-D", "publish", "message-expiry-interval", "60"});
    someone_publishes(RIG_TOPIC, "d", (const char *[6]){"-r"});
    rig_until_arrivals(rig, 4);
    assert_string_equal(rig->arrivals[0].response_topic, "answers/1");
    assert_string_equal(rig->arrivals[1].correlation, "abc");
    assert_true(rig->arrivals[2].expiry_s > 50 && rig->arrivals[2].expiry_s <= 60);
    assert_true(rig->arrivals[3].is_retained); /* as published */
    struct post post = {
        .id = 1, .topic = STR(RIG_TOPIC), .payload = STR(""), .correlation = {"\0\xff", 2}};
    assert_int_equal(mqtt_publish(rig->mqtt, &post), ERR_NONE);
    rig_until_arrivals(rig, 5);
    assert_int_equal(rig->arrivals[4].payload_n, 0);
    /* A retained message is not sent to a subscription, only as it is published. */
    rig_end(rig);
    rig_start(rig, &options);
    rig_until_up(rig);
    rig_for_ms(rig, 100);
    assert_int_equal(rig->arrival_count, 0);
    someone_publishes(RIG_TOPIC, "", (const char *[6]){"-r"}); /* MQTT 3.1.1 has no such choice */
}

/* Of one name there may be several: then nobody knows which is meant. */
static void test_traces(void **state)
{
    (void)state;
    static const char *const both[6] = {"-D", "publish", "user-property", "traceparent", "p", NULL};
    struct mqtt_options options = options_of(5, true);
    struct post post = {.id = 1, .topic = STR(RIG_TOPIC), .payload = STR("x")};
    rig_start(rig, &options);
    rig_until_up(rig);
    post.trace = (struct trace){STR("parent"), STR("a=1")};
    assert_int_equal(mqtt_publish(rig->mqtt, &post), ERR_NONE);
    rig_until_arrivals(rig, 1);
    assert_string_equal(rig->arrivals[0].traceparent, "parent");
    assert_string_equal(rig->arrivals[0].tracestate, "a=1");
    post.id = 2;
    post.trace = (struct trace){0};
    assert_int_equal(mqtt_publish(rig->mqtt, &post), ERR_NONE);
    rig_until_arrivals(rig, 2);
    assert_string_equal(rig->arrivals[1].traceparent, "");
    someone_publishes(RIG_TOPIC, "b", both);
    someone_publishes_twice(both);
    rig_until_arrivals(rig, 4);
    assert_string_equal(rig->arrivals[2].traceparent, "p");
    assert_string_equal(rig->arrivals[3].traceparent, "");
    rig_end(rig);
}

/* Never acknowledged, so it comes again; then acknowledged, so it does not. */
static void redelivery(int version)
{
    struct mqtt_options options = options_of(version, false);
    options.client_id = version == 5 ? "redelivery-5" : "redelivery-3";
    rig_start(rig, &options);
    rig_until_up(rig);
    someone_publishes(RIG_TOPIC, "again", (const char *[6]){NULL});
    rig_until_arrivals(rig, 1);
    assert_false(rig->arrivals[0].is_duplicate);
    rig_end(rig);
    someone_publishes(RIG_TOPIC, "while away", (const char *[6]){NULL});

    rig_start(rig, &options);
    rig_until_up(rig);
    rig_until_arrivals(rig, 2);
    assert_string_equal(rig->arrivals[0].payload, "again");
    assert_true(rig->arrivals[0].is_duplicate);
    assert_string_equal(rig->arrivals[1].payload, "while away");
    rig_acknowledge(rig, 0);
    rig_acknowledge(rig, 1);
    mqtt_stop(rig->mqtt, 1000);
    rig_end(rig);

    rig_start(rig, &options);
    rig_until_up(rig);
    rig_for_ms(rig, 200);
    assert_int_equal(rig->arrival_count, 0);
    rig_end(rig);
}

static void test_redelivery(void **state)
{
    (void)state;
    redelivery(5);
    redelivery(3);
}

static void status(int version)
{
    struct mqtt_options options = options_of(version, true);
    options.status_topic = STATUS;
    options.status_online = "online";
    options.status_offline = "offline";
    rig_start(rig, &options);
    rig_until_up(rig);
    assert_int_equal(rig->delivered_count, 0);
    rig_for_ms(rig, 50);
    assert_retained(STATUS, "online");
    rig_end(rig); /* without a word: the broker sends the will */
    usleep(50 * 1000);
    assert_retained(STATUS, "offline");
    rig_start(rig, &options);
    rig_until_up(rig);
    rig_for_ms(rig, 50);
    assert_retained(STATUS, "online");
    mqtt_stop(rig->mqtt, 1000);
    assert_retained(STATUS, "offline");
    assert_int_equal(rig->delivered_count, 0); /* its own posts are nobody else's */
    rig_end(rig);
}

static void test_status(void **state)
{
    (void)state;
    status(5);
    status(3);
}

static void test_broker_absent_killed_and_back(void **state)
{
    (void)state;
    broker_process_kill(&broker);
    struct mqtt_options options = options_of(5, true);
    rig_start(rig, &options);
    rig_for_ms(rig, 300);
    assert_false(rig->is_up);
    assert_int_equal(mqtt_room(rig->mqtt), 0);
    assert_non_null(strstr(mqtt_last_problem(rig->mqtt), "Connection refused"));
    broker_process_start(&broker);
    rig_until_up(rig);
    rig_publish(rig, 1, RIG_TOPIC, "one");
    rig_until_delivered(rig, 1);
    broker_process_kill(&broker);
    rig_until_down(rig);
    struct post post = {.id = 2, .topic = STR(RIG_TOPIC), .payload = STR("x")};
    assert_int_equal(mqtt_room(rig->mqtt), 0);
    assert_int_equal(mqtt_publish(rig->mqtt, &post), ERR_DOWN);
    broker_process_start(&broker);
    rig_until_up(rig);
    rig_publish(rig, 3, RIG_TOPIC, "three");
    rig_until_delivered(rig, 2);
    assert_int_equal(rig->delivered[1], 3);
    assert_int_equal(rig->ups, 2);
    assert_int_equal(rig->downs, 1);
    struct mqtt_stats stats = mqtt_stats(rig->mqtt);
    assert_int_equal(stats.connects, 2);
    assert_int_equal(stats.losses, 1);
    assert_true(stats.failures >= 1);
}

/* A proxy in the environment is not for us. */
static void test_environment_is_ignored(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("MQTT_C_CLIENT_TRACE", "ON", 1);
    struct mqtt_options options = options_of(5, true);
    rig_start(rig, &options);
    assert_null(getenv("http_proxy"));
    assert_null(getenv("MQTT_C_CLIENT_TRACE"));
    rig_until_up(rig);
    assert_int_equal(mqtt_stats(rig->mqtt).failures, 0);
}

static void test_unknown_host(void **state)
{
    (void)state;
    struct mqtt_options options = options_of(5, true);
    options.url = "mqtt://no-such-host.invalid";
    rig_start(rig, &options);
    rig_until_failed(rig);
    assert_non_null(strstr(mqtt_last_problem(rig->mqtt), "cannot be resolved"));
}

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    rig = calloc(1, sizeof *rig);
    broker_process_init(&broker, NULL, false);
    broker_process_start(&broker);
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
    broker_process_fini(&broker);
    free(rig);
    return 0;
}

#define UNIT(test) cmocka_unit_test_teardown(test, clear_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_round_trips),
        UNIT(test_properties),
        UNIT(test_traces),
        UNIT(test_redelivery),
        UNIT(test_status),
        UNIT(test_broker_absent_killed_and_back),
        UNIT(test_environment_is_ignored),
        UNIT(test_unknown_host),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
