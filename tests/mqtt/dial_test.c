/* What a broker is asked for: the bytes of CONNECT and SUBSCRIBE. */
#include "base/log.h"
#include "tests/fakes/broker.h"
#include "tests/mqtt/rig.h"

#include <MQTTClient.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define FLAGS_AT      7 /* behind the protocol name and version */
#define KEEP_ALIVE_AT 8

#define FLAG_CLEAN     0x02
#define FLAG_WILL_QOS1 (0x04 | 0x08 | 0x20) /* will, at QoS 1, retained */
#define FLAG_LOGIN     0xc0

static struct broker *broker;
static struct rig *rig;
static unsigned char body[256];
static size_t body_n;

static void start(const struct mqtt_options *asked, const struct broker_script *script)
{
    char url[64];
    struct mqtt_options options = *asked;
    broker = broker_new(script);
    snprintf(url, sizeof url, "mqtt://127.0.0.1:%d", broker_port(broker));
    options.url = url;
    rig_start(rig, &options);
}

static void dial_with(const struct mqtt_options *options, const struct broker_script *script)
{
    start(options, script != NULL ? script : &(struct broker_script){.version = options->version});
    rig_until_up(rig);
    body_n = broker_last(broker, BROKER_CONNECT, body, sizeof body);
    assert_true(body_n > KEEP_ALIVE_AT + 2);
}

static int clear_up(void **state)
{
    (void)state;
    rig_end(rig);
    if (broker != NULL)
        broker_free(broker);
    broker = NULL;
    return 0;
}

static bool body_has(const void *bytes, size_t n)
{
    return memmem(body, body_n, bytes, n) != NULL;
}

static void test_kept_session_v5(void **state)
{
    (void)state;
    struct mqtt_options options = rig_options(NULL, 5);
    dial_with(&options, NULL);
    assert_memory_equal(body, "\0\4MQTT\5", 7);
    assert_int_equal(body[FLAGS_AT], 0);
    assert_int_equal(body[KEEP_ALIVE_AT] << 8 | body[KEEP_ALIVE_AT + 1], 10);
    assert_int_equal(body[10], 13);
    assert_true(body_has("\x21\x01\x00", 3));         /* Receive Maximum 256 */
    assert_true(body_has("\x27\x00\x02\x20\x00", 5)); /* Maximum Packet Size 136 KiB */
    assert_true(body_has("\x11\x00\x09\x3a\x80", 5)); /* Session Expiry Interval 7 days */
    body_n = broker_last(broker, BROKER_SUBSCRIBE, body, sizeof body);
    /* QoS 1, retain as published, no retained messages. */
    assert_true(body_has("\0\5rig/#\x29", 8));
}

static void test_clean_session_v5(void **state)
{
    (void)state;
    struct mqtt_options options = rig_options(NULL, 5);
    options.has_clean_session = true;
    dial_with(&options, NULL);
    assert_int_equal(body[FLAGS_AT], FLAG_CLEAN);
    assert_false(body_has("\x11\x00\x09\x3a\x80", 5));
}

static void test_v3(void **state)
{
    (void)state;
    struct mqtt_options options = rig_options(NULL, 3);
    dial_with(&options, NULL);
    assert_memory_equal(body, "\0\4MQTT\4\0\0\x0a\0\3rig", 15);
    assert_int_equal(body_n, 15);
    body_n = broker_last(broker, BROKER_SUBSCRIBE, body, sizeof body);
    assert_true(body_has("\0\5rig/#\x01", 8));
    clear_up(NULL);
    options.has_clean_session = true;
    dial_with(&options, NULL);
    assert_int_equal(body[FLAGS_AT], FLAG_CLEAN);
}

static void test_login_and_will(void **state)
{
    (void)state;
    char path[] = "/tmp/password-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "secret\n", 7), 7);
    close(fd);
    for (int version = 3; version <= 5; version += 2) {
        struct mqtt_options options = rig_options(NULL, version);
        options.username = "user";
        options.password_file = path;
        options.status_topic = "st";
        options.status_online = "on";
        options.status_offline = "off";
        dial_with(&options, NULL);
        assert_int_equal(body[FLAGS_AT], FLAG_LOGIN | FLAG_WILL_QOS1);
        assert_true(body_has("\0\2st\0\3off\0\4user\0\6secret", 23));
        clear_up(NULL);
    }
    unlink(path);
}

/* More than AWS IoT Core takes in one packet, which it answers by hanging up. */
#define MANY 20

static char filter_texts[MANY][24];
static const char *filters[MANY];

static void name_filters(void)
{
    for (int i = 0; i < MANY; i++) {
        snprintf(filter_texts[i], sizeof filter_texts[i], "many/%d/#", i);
        filters[i] = filter_texts[i];
    }
}

static void test_many_filters(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 7, 8, 9, 16, MANY};
    name_filters();
    for (int version = 3; version <= 5; version += 2) {
        for (size_t i = 0; i < COUNT_OF(counts); i++) {
            struct mqtt_options options = rig_options(NULL, version);
            options.filters = filters;
            options.filter_count = counts[i];
            options.stale_filters = filters;
            options.stale_count = counts[i];
            dial_with(&options, &(struct broker_script){.version = version, .filters_max = 8});
            size_t packets = (counts[i] + 7) / 8;
            assert_int_equal(broker_count(broker, BROKER_SUBSCRIBE), packets);
            assert_int_equal(broker_filters(broker, BROKER_SUBSCRIBE), counts[i]);
            assert_int_equal(broker_count(broker, BROKER_UNSUBSCRIBE), packets);
            assert_int_equal(broker_filters(broker, BROKER_UNSUBSCRIBE), counts[i]);
            body_n = broker_last(broker, BROKER_SUBSCRIBE, body, sizeof body);
            assert_true(body_has(filters[counts[i] - 1], strlen(filters[counts[i] - 1])));
            clear_up(NULL);
        }
    }
}

/* It is named, in whichever packet it is. */
static void test_one_of_many_filters_is_refused(void **state)
{
    (void)state;
    name_filters();
    for (int version = 3; version <= 5; version += 2) {
        for (int i = 0; i < MANY; i += 9) {
            struct mqtt_options options = rig_options(NULL, version);
            struct broker_script script = {.version = version,
                                           .suback_code = version == 5 ? 0x87 : 0x80,
                                           .unwanted = filters[i]};
            options.filters = filters;
            options.filter_count = MANY;
            start(&options, &script);
            rig_until_failed(rig);
            char expected[64];
            snprintf(expected, sizeof expected, "subscription to %s:", filters[i]);
            if (strstr(mqtt_last_problem(rig->mqtt), expected) == NULL)
                fail_msg("%s: expected %s", mqtt_last_problem(rig->mqtt), expected);
            clear_up(NULL);
        }
    }
}

static int traced;

static void on_trace(enum MQTTCLIENT_TRACE_LEVELS level, char *message)
{
    (void)level;
    (void)message;
    traced++;
}

/* Paho's trace of what it sends and receives would cost a third of its time. */
static void test_nothing_is_traced(void **state)
{
    (void)state;
    struct mqtt_options options = rig_options(NULL, 5);
    dial_with(&options, NULL);
    traced = 0;
    MQTTClient_setTraceCallback(on_trace);
    rig_publish(rig, 1, "a", "b");
    rig_until_delivered(rig, 1);
    MQTTClient_setTraceCallback(NULL);
    assert_int_equal(traced, 0);
}

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    rig = calloc(1, sizeof *rig);
    return rig == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    free(rig);
    return 0;
}

#define UNIT(test) cmocka_unit_test_teardown(test, clear_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_kept_session_v5),
        UNIT(test_clean_session_v5),
        UNIT(test_v3),
        UNIT(test_login_and_will),
        UNIT(test_many_filters),
        UNIT(test_one_of_many_filters_is_refused),
        UNIT(test_nothing_is_traced),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
