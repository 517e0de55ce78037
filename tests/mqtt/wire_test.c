/* The link on the wire: what a broker sees and when, and what it may do to us. */
#include "base/log.h"
#include "base/now.h"
#include "tests/fakes/broker.h"
#include "tests/mqtt/rig.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

/* What a test works with; the teardown clears it up however the test ends. */
static struct stage {
    struct broker *broker;
    struct rig *rig;
    char url[64];
} stage;

static void raise_curtain_with(const struct broker_script *script, int keep_alive_s)
{
    stage.broker = broker_new(script);
    stage.rig = calloc(1, sizeof(struct rig));
    assert_non_null(stage.rig);
    snprintf(stage.url, sizeof stage.url, "mqtt://127.0.0.1:%d", broker_port(stage.broker));
    struct mqtt_options options = rig_options(stage.url, script->version);
    options.keep_alive_s = keep_alive_s;
    rig_start(stage.rig, &options);
}

static void raise_curtain(const struct broker_script *script)
{
    raise_curtain_with(script, 10);
}

static void drop_curtain(void)
{
    if (stage.rig != NULL)
        rig_end(stage.rig);
    free(stage.rig);
    if (stage.broker != NULL)
        broker_free(stage.broker);
    stage = (struct stage){0};
}

static int tear_down(void **state)
{
    (void)state;
    drop_curtain();
    return 0;
}

static void until_count(enum broker_packet type, size_t count)
{
    for (int i = 0; i < 250 && broker_count(stage.broker, type) < count; i++)
        rig_for_ms(stage.rig, 20);
    assert_true(broker_count(stage.broker, type) >= count);
}

static void puback_is_held(int version)
{
    raise_curtain(&(struct broker_script){.version = version});
    rig_until_up(stage.rig);
    broker_publish(stage.broker, RIG_TOPIC, "one", 1, 7);
    rig_until_arrivals(stage.rig, 1);
    rig_for_ms(stage.rig, 100);
    assert_int_equal(broker_count(stage.broker, BROKER_PUBACK), 0);
    rig_acknowledge(stage.rig, 0);
    until_count(BROKER_PUBACK, 1);
    uint16_t id = 0;
    assert_int_equal(broker_pubacks(stage.broker, &id, 1), 1);
    assert_int_equal(id, 7);
    drop_curtain();
}

static void test_puback_is_held(void **state)
{
    (void)state;
    puback_is_held(5);
    puback_is_held(3);
}

static void test_pubacks_leave_in_order(void **state)
{
    (void)state;
    raise_curtain(&(struct broker_script){.version = 5});
    rig_until_up(stage.rig);
    for (uint16_t id = 11; id <= 14; id++)
        broker_publish(stage.broker, RIG_TOPIC, "x", 1, id);
    rig_until_arrivals(stage.rig, 4);
    rig_acknowledge(stage.rig, 2);
    rig_acknowledge(stage.rig, 1);
    rig_for_ms(stage.rig, 50);
    assert_int_equal(broker_count(stage.broker, BROKER_PUBACK), 0);
    rig_acknowledge(stage.rig, 0);
    rig_acknowledge(stage.rig, 0); /* twice does no harm */
    until_count(BROKER_PUBACK, 3);
    rig_for_ms(stage.rig, 50);
    uint16_t ids[4] = {0};
    assert_int_equal(broker_pubacks(stage.broker, ids, 4), 3);
    assert_int_equal(ids[0], 11);
    assert_int_equal(ids[1], 12);
    assert_int_equal(ids[2], 13);
    drop_curtain();
}

/* Messages that come with the CONNACK are read by the library while it waits for the SUBACK. */
static void connect_window(int version)
{
    raise_curtain(
        &(struct broker_script){.version = version, .session_present = true, .queued = 300});
    rig_until_up(stage.rig);
    rig_until_arrivals(stage.rig, 300);
    rig_for_ms(stage.rig, 50);
    assert_int_equal(stage.rig->arrival_count, 300);
    assert_int_equal(broker_count(stage.broker, BROKER_PUBACK), 0);
    for (size_t i = 0; i < 300; i++) {
        char expected[24];
        snprintf(expected, sizeof expected, "queued %d", (int)i + 1);
        assert_string_equal(stage.rig->arrivals[i].payload, expected);
        rig_acknowledge(stage.rig, i);
    }
    until_count(BROKER_PUBACK, 300);
    drop_curtain();
}

static void test_connect_window(void **state)
{
    (void)state;
    connect_window(5);
    connect_window(3);
}

static void test_ticket_of_an_earlier_link(void **state)
{
    (void)state;
    raise_curtain(&(struct broker_script){.version = 5});
    rig_until_up(stage.rig);
    broker_publish(stage.broker, RIG_TOPIC, "one", 1, 1);
    rig_until_arrivals(stage.rig, 1);
    broker_reset(stage.broker);
    rig_until_down(stage.rig);
    rig_acknowledge(stage.rig, 0);
    rig_until_up(stage.rig);
    broker_publish(stage.broker, RIG_TOPIC, "one", 1, 1);
    rig_until_arrivals(stage.rig, 2);
    rig_acknowledge(stage.rig, 0);
    rig_for_ms(stage.rig, 50);
    assert_int_equal(broker_count(stage.broker, BROKER_PUBACK), 0);
    rig_acknowledge(stage.rig, 1);
    until_count(BROKER_PUBACK, 1);
    drop_curtain();
}

static void test_window_of_the_broker(void **state)
{
    (void)state;
    struct broker_script script = {.version = 5, .receive_maximum = 3, .puback_code = BROKER_NEVER};
    raise_curtain(&script);
    assert_int_equal(mqtt_room(stage.rig->mqtt), 0);
    rig_until_up(stage.rig);
    assert_int_equal(mqtt_room(stage.rig->mqtt), 3);
    for (uint64_t id = 1; id <= 3; id++)
        rig_publish(stage.rig, id, RIG_TOPIC, "x");
    assert_int_equal(mqtt_room(stage.rig->mqtt), 0);
    struct post post = {.id = 4, .topic = STR(RIG_TOPIC), .payload = STR("x")};
    assert_int_equal(mqtt_publish(stage.rig->mqtt, &post), ERR_FULL);
    until_count(BROKER_PUBLISH, 3);
    assert_int_equal(stage.rig->delivered_count, 0);
    broker_send(stage.broker, (const unsigned char[]){0x40, 2, 0, 2}, 4);
    rig_until_delivered(stage.rig, 1);
    assert_int_equal(mqtt_room(stage.rig->mqtt), 1);
    broker_reset(stage.broker);
    rig_until_down(stage.rig);
    assert_int_equal(mqtt_room(stage.rig->mqtt), 0);
    assert_int_equal(mqtt_publish(stage.rig->mqtt, &post), ERR_DOWN);
    assert_int_equal(stage.rig->delivered_count, 1);
    drop_curtain();
}

static void test_refused_publish(void **state)
{
    (void)state;
    raise_curtain(&(struct broker_script){.version = 5, .puback_code = 0x87});
    rig_until_up(stage.rig);
    rig_publish(stage.rig, 42, RIG_TOPIC, "x");
    rig_until_delivered(stage.rig, 1);
    assert_int_equal(stage.rig->delivered[0], 42);
    assert_int_equal(stage.rig->delivered_err[0], ERR_REFUSED);
    drop_curtain();
}

static void test_topics_that_would_kill_the_link(void **state)
{
    (void)state;
    raise_curtain(&(struct broker_script){.version = 5});
    rig_until_up(stage.rig);
    static const struct str topics[] = {{"a/#", 3}, {"+", 1}, {"", 0}, {"a\0b", 3}, {"\xff", 1}};
    for (size_t i = 0; i < COUNT_OF(topics); i++) {
        struct post post = {.id = i, .topic = topics[i], .payload = STR("x")};
        assert_int_equal(mqtt_publish(stage.rig->mqtt, &post), ERR_INVALID);
    }
    rig_for_ms(stage.rig, 50);
    assert_int_equal(broker_count(stage.broker, BROKER_PUBLISH), 0);
    assert_true(stage.rig->is_up);
    drop_curtain();
}

struct refusal_case {
    struct broker_script script;
    const char *words;
};

static void test_refused_links(void **state)
{
    (void)state;
    static const struct refusal_case cases[] = {
        {{.version = 5, .connack_code = 0x87}, "not authorized"},
        {{.version = 5, .connack_code = 0x86}, "bad user name or password"},
        {{.version = 5, .connack_code = 1}, "mqtt.version"},
        {{.version = 3, .connack_code = 5}, "not authorized"},
        {{.version = 3, .connack_code = 4}, "bad user name or password"},
        {{.version = 5, .suback_code = 0x87}, "subscription to rig/#: not authorized"},
        {{.version = 3, .suback_code = 0x80}, "subscription to rig/#"},
        {{.version = 5, .suback_code = BROKER_NEVER}, "QoS 0"},
        {{.version = 3, .suback_code = BROKER_NEVER}, "QoS 0"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        raise_curtain(&cases[i].script);
        rig_until_failed(stage.rig);
        if (strstr(mqtt_last_problem(stage.rig->mqtt), cases[i].words) == NULL)
            fail_msg("%s: expected %s", mqtt_last_problem(stage.rig->mqtt), cases[i].words);
        broker_rewrite(stage.broker, &(struct broker_script){.version = cases[i].script.version});
        rig_until_up(stage.rig); /* it tries again on its own */
        assert_string_equal(mqtt_last_problem(stage.rig->mqtt), "");
        drop_curtain();
    }
}

static void test_no_connack(void **state)
{
    (void)state;
    raise_curtain(&(struct broker_script){.version = 5, .connack_code = BROKER_NEVER});
    int64_t start_ms = now_mono_ms();
    mqtt_turn(stage.rig->mqtt);
    int64_t took_ms = now_mono_ms() - start_ms;
    assert_true(took_ms >= 2900 && took_ms < 3500);
    assert_non_null(strstr(mqtt_last_problem(stage.rig->mqtt), "no answer in time"));
    drop_curtain();
}

/* Paho by itself would give the broker up in the middle, and then wait for it until 10 s are over.
 */
static void test_no_suback(void **state)
{
    (void)state;
    raise_curtain_with(
        &(struct broker_script){.version = 5, .no_suback = true, .no_pingresp = true}, 1);
    int64_t start_ms = now_mono_ms();
    rig_until_failed(stage.rig);
    assert_in_range(now_mono_ms() - start_ms, 2900, 3500);
    assert_non_null(strstr(mqtt_last_problem(stage.rig->mqtt), "no answer in time"));
    drop_curtain();
}

static void test_lower_keep_alive_of_the_broker(void **state)
{
    (void)state;
    raise_curtain(&(struct broker_script){.version = 5, .server_keep_alive = 4});
    rig_until_up(stage.rig);
    unsigned char body[64];
    assert_true(broker_last(stage.broker, BROKER_CONNECT, body, sizeof body) > 10);
    assert_int_equal(body[8] << 8 | body[9], 4);
    drop_curtain();
}

/* Ping after one keep alive, given up half a keep alive later. */
static void test_dead_broker(void **state)
{
    (void)state;
    struct broker_script script = {.version = 5, .no_pingresp = true};
    raise_curtain_with(&script, 1);
    rig_until_up(stage.rig);
    int64_t start_ms = now_mono_ms();
    rig_until_down(stage.rig);
    int64_t took_ms = now_mono_ms() - start_ms;
    assert_true(took_ms >= 1400 && took_ms < 2100);
    assert_int_equal(broker_count(stage.broker, BROKER_PINGREQ), 1);
    assert_int_equal(broker_count(stage.broker, BROKER_DISCONNECT), 0); /* so the will is sent */
    script.no_pingresp = false;
    broker_rewrite(stage.broker, &script);
    rig_until_up(stage.rig);
    rig_for_ms(stage.rig, 2500);
    assert_true(stage.rig->is_up);
    assert_int_equal(stage.rig->downs, 1);
    drop_curtain();
}

static void test_words_of_a_disconnect(void **state)
{
    (void)state;
    raise_curtain(&(struct broker_script){.version = 5});
    rig_until_up(stage.rig);
    broker_send(stage.broker, (const unsigned char[]){0xe0, 2, 0x8b, 0}, 4);
    rig_until_down(stage.rig);
    assert_non_null(strstr(mqtt_last_problem(stage.rig->mqtt), "shutting down"));
    drop_curtain();
}

/* The log between the two calls. */
static int capture_start(int *ret_saved)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    *ret_saved = dup(STDERR_FILENO);
    assert_true(fd >= 0 && *ret_saved >= 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    return fd;
}

static bool capture_end(int fd, int saved, const char *words)
{
    char text[8192] = {0};
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    assert_true(pread(fd, text, sizeof text - 1, 0) >= 0);
    close(fd);
    return strstr(text, words) != NULL;
}

static bool is_said_when_lost(const void *farewell, size_t n)
{
    int saved;
    int fd = capture_start(&saved);
    mqtt_retry(stage.rig->mqtt);
    rig_until_up(stage.rig);
    if (n > 0)
        broker_send(stage.broker, farewell, n);
    else
        broker_reset(stage.broker);
    rig_until_down(stage.rig);
    return capture_end(fd, saved, "event=mqtt_taken_over");
}

static void test_second_client_is_suspected(void **state)
{
    (void)state;
    static const unsigned char taken_over[] = {0xe0, 2, 0x8e, 0};
    static const unsigned char shutting_down[] = {0xe0, 2, 0x8b, 0};
    raise_curtain(&(struct broker_script){.version = 5});
    assert_true(is_said_when_lost(taken_over, sizeof taken_over));
    assert_non_null(strstr(mqtt_last_problem(stage.rig->mqtt), "another connection took over"));
    for (int i = 0; i < 4; i++)
        assert_false(is_said_when_lost(shutting_down, sizeof shutting_down));
    drop_curtain();
    raise_curtain(&(struct broker_script){.version = 3});
    assert_false(is_said_when_lost(NULL, 0));
    assert_false(is_said_when_lost(NULL, 0));
    assert_true(is_said_when_lost(NULL, 0));
    assert_false(is_said_when_lost(NULL, 0));
}

/* More than the sockets hold, so the gate has to keep it and write it in pieces. */
static void test_slow_broker(void **state)
{
    (void)state;
    raise_curtain(&(struct broker_script){.version = 5});
    rig_until_up(stage.rig);
    size_t n = 100 * 1024;
    char *payload = malloc(n);
    assert_non_null(payload);
    memset(payload, 'x', n);
    broker_stop_reading(stage.broker, true);
    for (uint64_t id = 0; id < 150; id++) {
        struct post post = {.id = id, .topic = STR(RIG_TOPIC), .payload = {payload, n}};
        assert_int_equal(mqtt_publish(stage.rig->mqtt, &post), ERR_NONE);
    }
    free(payload);
    mqtt_flush(stage.rig->mqtt);
    assert_true(mqtt_wants_write(stage.rig->mqtt));
    /* What comes in is not kept from us by what does not go out. */
    broker_publish(stage.broker, RIG_TOPIC, "meanwhile", 1, 9);
    rig_until_arrivals(stage.rig, 1);
    broker_stop_reading(stage.broker, false);
    rig_until_delivered(stage.rig, 150);
    for (uint64_t id = 0; id < 150; id++)
        assert_int_equal(stage.rig->delivered[id], id);
    assert_false(mqtt_wants_write(stage.rig->mqtt));
    assert_int_equal(broker_count(stage.broker, BROKER_PUBLISH), 150);
    drop_curtain();
}

static int open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    int n = 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

/* The broker resets in the middle of what we publish, again and again. */
static void resets(int version, bool session_present)
{
    struct broker_script script = {
        .version = version, .session_present = session_present, .queued = 50, .reset_after = 20};
    raise_curtain(&script);
    char payload[20001];
    memset(payload, 'y', sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    int fds = 0;
    for (int round = 0; round < 8; round++) {
        mqtt_retry(stage.rig->mqtt);
        rig_until_up(stage.rig);
        if (round == 1)
            fds = open_fds();
        for (uint64_t id = 1; id <= 40; id++) {
            struct post post = {.id = id, .topic = STR(RIG_TOPIC), .payload = str_of(payload)};
            post.payload.n = id % 2 == 0 ? 200 : 20000;
            assert_int_equal(mqtt_publish(stage.rig->mqtt, &post), ERR_NONE);
        }
        rig_until_down(stage.rig);
        stage.rig->delivered_count = 0;
    }
    assert_int_equal(broker_count(stage.broker, BROKER_PUBACK), 0);
    script.reset_after = 0;
    broker_rewrite(stage.broker, &script);
    stage.rig->arrival_count = 0;
    mqtt_retry(stage.rig->mqtt);
    rig_until_up(stage.rig);
    assert_int_equal(open_fds(), fds);
    rig_until_arrivals(stage.rig, 50);
    rig_publish(stage.rig, 99, RIG_TOPIC, "after all");
    rig_until_delivered(stage.rig, 1);
    assert_int_equal(stage.rig->delivered[0], 99);
    drop_curtain();
}

static void test_resets(void **state)
{
    (void)state;
    resets(5, false);
    resets(5, true);
    resets(3, false);
    resets(3, true);
}

static int64_t stop_with_posts(int puback_code, int64_t timeout_ms)
{
    raise_curtain(&(struct broker_script){.version = 5, .puback_code = puback_code});
    rig_until_up(stage.rig);
    for (uint64_t id = 0; id < 200; id++)
        rig_publish(stage.rig, id, RIG_TOPIC, "x");
    int64_t start_ms = now_mono_ms();
    mqtt_stop(stage.rig->mqtt, timeout_ms);
    int64_t took_ms = now_mono_ms() - start_ms;
    assert_false(mqtt_is_up(stage.rig->mqtt));
    assert_int_equal(mqtt_room(stage.rig->mqtt), 0);
    usleep(50 * 1000);
    assert_int_equal(broker_count(stage.broker, BROKER_PUBLISH), 200);
    assert_true(broker_has_clean_end(stage.broker));
    drop_curtain();
    return took_ms;
}

/* It sends everything, waits for the acknowledgements, and no longer than it may. */
static void test_stop(void **state)
{
    (void)state;
    assert_true(stop_with_posts(0, 3000) < 1000);
    assert_in_range(stop_with_posts(BROKER_NEVER, 500), 450, 900);
}

static void test_qos2_is_refused(void **state)
{
    (void)state;
    raise_curtain(&(struct broker_script){.version = 5});
    rig_until_up(stage.rig);
    broker_publish(stage.broker, RIG_TOPIC, "x", 2, 1);
    rig_until_down(stage.rig);
    assert_non_null(strstr(mqtt_last_problem(stage.rig->mqtt), "QoS 2"));
    drop_curtain();
}

#define UNIT(test) cmocka_unit_test_teardown(test, tear_down)

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        UNIT(test_puback_is_held),
        UNIT(test_pubacks_leave_in_order),
        UNIT(test_connect_window),
        UNIT(test_ticket_of_an_earlier_link),
        UNIT(test_window_of_the_broker),
        UNIT(test_refused_publish),
        UNIT(test_topics_that_would_kill_the_link),
        UNIT(test_refused_links),
        UNIT(test_no_connack),
        UNIT(test_no_suback),
        UNIT(test_lower_keep_alive_of_the_broker),
        UNIT(test_dead_broker),
        UNIT(test_words_of_a_disconnect),
        UNIT(test_second_client_is_suspected),
        UNIT(test_slow_broker),
        UNIT(test_resets),
        UNIT(test_stop),
        UNIT(test_qos2_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
