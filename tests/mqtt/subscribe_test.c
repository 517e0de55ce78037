/* Coming up in steps: many filters and slow answers, and what may happen between two of them. */
#include "base/log.h"
#include "base/now.h"
#include "tests/fakes/broker.h"
#include "tests/fakes/broker_process.h"
#include "tests/fakes/broker_relay.h"
#include "tests/mqtt/rig.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define FILTERS      300
#define PACKETS      38  /* of 8 filters */
#define SUBACK_MS    20  /* of the broker for each */
#define TURN_MAX_MS  250 /* far from 38 of them */
#define QUICK_MS     50  /* after which a turn begins no further exchange */
#define SLOW_MS      60  /* an answer that ends the turn */
#define MUTE_MS      100
#define PAUSE_FACTOR 20
#define FILES_MS     5100 /* a link looks at its files every 5 s */

static struct broker *broker;
static struct broker_relay *relay;
static struct rig *rig;
static char url[64];
static char filter_texts[FILTERS][24];
static const char *filters[FILTERS];

static struct mqtt_options options_of(int version, size_t filter_count)
{
    struct mqtt_options options = rig_options(url, version);
    options.filters = filters;
    options.filter_count = filter_count;
    return options;
}

static void start(const struct mqtt_options *options, const struct broker_script *script)
{
    broker = broker_new(script);
    snprintf(url, sizeof url, "mqtt://127.0.0.1:%d", broker_port(broker));
    rig_start(rig, options);
}

static int clear_up(void **state)
{
    (void)state;
    rig_end(rig);
    if (relay != NULL)
        broker_relay_free(relay);
    if (broker != NULL)
        broker_free(broker);
    relay = NULL;
    broker = NULL;
    return 0;
}

/* Until the broker has seen so many, between two turns: the link is not up. */
static void until_subscribes(size_t count)
{
    for (int64_t end_ms = now_mono_ms() + 5000; broker_count(broker, BROKER_SUBSCRIBE) < count;) {
        assert_true(now_mono_ms() < end_ms);
        rig_turn(rig, 20);
    }
    assert_false(rig->is_up);
}

/* The loop gets its turn between any two of the packets. */
static void test_many_filters_and_slow_answers(void **state)
{
    (void)state;
    for (int version = 3; version <= 5; version += 2) {
        struct broker_script script = {
            .version = version, .suback_ms = SUBACK_MS, .filters_max = 8, .queued = 300};
        struct mqtt_options options = options_of(version, FILTERS);
        int64_t longest_ms = 0;
        int64_t start_ms = now_mono_ms();
        start(&options, &script);
        while (!rig->is_up && now_mono_ms() - start_ms < 5000) {
            int64_t turn_ms = now_mono_ms();
            rig_turn(rig, 20);
            int64_t took_ms = now_mono_ms() - turn_ms;
            longest_ms = took_ms > longest_ms ? took_ms : longest_ms;
        }
        assert_true(rig->is_up);
        assert_true(now_mono_ms() - start_ms >= (int64_t)PACKETS * SUBACK_MS);
        assert_in_range(longest_ms, SUBACK_MS - 1, TURN_MAX_MS);
        assert_int_equal(broker_count(broker, BROKER_SUBSCRIBE), PACKETS);
        assert_int_equal(broker_filters(broker, BROKER_SUBSCRIBE), FILTERS);
        rig_until_arrivals(rig, 300); /* what came meanwhile */
        assert_int_equal(broker_count(broker, BROKER_PUBACK), 0);
        clear_up(NULL);
    }
}

/* The limit is that of one answer, not of all. */
static void test_each_answer_has_its_time(void **state)
{
    (void)state;
    struct mqtt_options options = options_of(5, FILTERS);
    options.exchange_ms = 300;
    start(&options, &(struct broker_script){.version = 5, .suback_ms = SUBACK_MS});
    rig_until_up(rig);
    assert_int_equal(mqtt_stats(rig->mqtt).failures, 0);
}

/* A broker that answers at once is done with in one turn, whatever else the loop waits for. */
static void test_a_quick_broker_takes_one_turn(void **state)
{
    (void)state;
    struct mqtt_options options = options_of(5, 8);
    start(&options, &(struct broker_script){.version = 5});
    int64_t took_ms = 0;
    for (int turns = 0; broker_count(broker, BROKER_CONNECT) == 0 && turns < 100; turns++) {
        int64_t turn_ms = now_mono_ms();
        rig_turn(rig, 0);
        took_ms = now_mono_ms() - turn_ms;
    }
    assert_true(rig->is_up || took_ms >= QUICK_MS); /* of a machine that is busy */
}

static void test_the_broker_hangs_up_in_between(void **state)
{
    (void)state;
    for (int version = 3; version <= 5; version += 2) {
        struct mqtt_options options = options_of(version, 40);
        start(&options, &(struct broker_script){.version = version, .subacks = 2});
        int64_t start_ms = now_mono_ms();
        rig_until_failed(rig);
        assert_true(now_mono_ms() - start_ms < 1000);
        assert_string_equal(mqtt_last_problem(rig->mqtt), "the broker closed the connection");
        assert_int_equal(broker_count(broker, BROKER_SUBSCRIBE), 3);
        broker_rewrite(broker, &(struct broker_script){.version = version});
        rig_until_up(rig);
        assert_int_equal(rig->ups, 1);
        assert_int_equal(broker_count(broker, BROKER_SUBSCRIBE), 3 + 5);
        clear_up(NULL);
    }
}

/* Between two turns, with nothing on its way. */
static void test_the_connection_is_reset_in_between(void **state)
{
    (void)state;
    struct mqtt_options options = options_of(5, FILTERS);
    start(&options, &(struct broker_script){.version = 5, .suback_ms = SLOW_MS});
    until_subscribes(2);
    broker_reset(broker);
    rig_until_failed(rig);
    assert_non_null(strstr(mqtt_last_problem(rig->mqtt), "connection"));
    rig_until_up(rig);
    assert_int_equal(rig->ups, 1);
}

static void test_ends_in_between(void **state)
{
    (void)state;
    struct mqtt_options options = options_of(5, FILTERS);
    options.status_topic = "st";
    options.status_online = "on";
    options.status_offline = "off";
    for (int way = 0; way < 3; way++) {
        start(&options, &(struct broker_script){.version = 5, .suback_ms = SLOW_MS});
        until_subscribes(2);
        if (way == 0)
            mqtt_stay_down(rig->mqtt);
        else if (way == 1)
            mqtt_stop(rig->mqtt, 1000);
        if (way < 2) {
            assert_true(mqtt_due_ms(rig->mqtt) > now_mono_ms() + 1000000);
            mqtt_turn(rig->mqtt);
            assert_int_equal(mqtt_fd(rig->mqtt), -1);
        }
        rig_end(rig);
        assert_int_equal(rig->ups + rig->downs, 0);
        assert_int_equal(broker_count(broker, BROKER_SUBSCRIBE), 2);
        assert_int_equal(broker_count(broker, BROKER_PUBLISH), 0); /* of a status */
        clear_up(NULL);
    }
}

static void test_new_files_in_between(void **state)
{
    (void)state;
    struct broker_process files; /* which it makes */
    char ca_file[96];
    struct mqtt_options options = options_of(5, FILTERS);
    broker_process_init(&files, NULL, true);
    broker = broker_new(&(struct broker_script){.version = 5, .suback_ms = SLOW_MS});
    relay = broker_relay_new_tls(broker_port(broker), files.dir);
    snprintf(url, sizeof url, "mqtts://localhost:%d", broker_relay_port(relay));
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", files.dir);
    options.ca_file = ca_file;
    rig_start(rig, &options);
    until_subscribes(2);
    assert_int_equal(utimensat(AT_FDCWD, ca_file, NULL, 0), 0);
    usleep(FILES_MS * 1000);
    rig_until_up(rig);
    assert_int_equal(rig->ups, 1);
    assert_int_equal(rig->downs, 0);
    assert_int_equal(broker_count(broker, BROKER_CONNECT), 2);
    assert_int_equal(broker_count(broker, BROKER_DISCONNECT), 1);
    assert_int_equal(broker_count(broker, BROKER_SUBSCRIBE), 2 + PACKETS);
    assert_int_equal(mqtt_stats(rig->mqtt).failures, 0);
    broker_process_fini(&files);
}

/* How long from the failure of an attempt until the next is due. */
static int64_t pause_after_ms(const struct broker_script *script, unsigned pause_factor)
{
    struct mqtt_options options = options_of(5, 20);
    options.exchange_ms = MUTE_MS;
    options.pause_factor = pause_factor;
    start(&options, script);
    rig_until_failed(rig);
    int64_t pause_ms = mqtt_due_ms(rig->mqtt) - now_mono_ms();
    assert_non_null(strstr(mqtt_last_problem(rig->mqtt), "no answer in time"));
    mqtt_retry(rig->mqtt);
    assert_true(mqtt_due_ms(rig->mqtt) <= now_mono_ms());
    broker_rewrite(broker, &(struct broker_script){.version = 5});
    rig_until_up(rig);
    clear_up(NULL);
    return pause_ms;
}

/* A broker that says nothing, from the start or after its CONNACK, or after two answers that took
 * their time, which counts too. */
static void test_pause_after_a_mute_broker(void **state)
{
    (void)state;
    const struct broker_script mute = {.version = 5, .connack_code = BROKER_NEVER};
    const struct broker_script no_suback = {.version = 5, .no_suback = true};
    const struct broker_script slow = {.version = 5, .suback_ms = MUTE_MS * 2 / 3};
    int64_t least_ms = (int64_t)MUTE_MS * PAUSE_FACTOR - 50;
    int64_t most_ms = (int64_t)MUTE_MS * 3 * PAUSE_FACTOR;
    assert_in_range(pause_after_ms(&mute, PAUSE_FACTOR), least_ms, most_ms);
    assert_in_range(pause_after_ms(&no_suback, PAUSE_FACTOR), least_ms, most_ms);
    assert_in_range(pause_after_ms(&mute, 0), 0, 200);

    struct mqtt_options options = options_of(5, 40);
    options.exchange_ms = 1000;
    options.pause_factor = PAUSE_FACTOR;
    start(&options, &slow);
    until_subscribes(2);
    broker_rewrite(broker, &(struct broker_script){.version = 5, .subacks = 2});
    rig_until_failed(rig);
    assert_true(mqtt_due_ms(rig->mqtt) - now_mono_ms() > (int64_t)slow.suback_ms * PAUSE_FACTOR);
}

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    for (int i = 0; i < FILTERS; i++) {
        snprintf(filter_texts[i], sizeof filter_texts[i], "many/%d/#", i);
        filters[i] = filter_texts[i];
    }
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
        UNIT(test_many_filters_and_slow_answers),
        UNIT(test_each_answer_has_its_time),
        UNIT(test_a_quick_broker_takes_one_turn),
        UNIT(test_the_broker_hangs_up_in_between),
        UNIT(test_the_connection_is_reset_in_between),
        UNIT(test_ends_in_between),
        UNIT(test_new_files_in_between),
        UNIT(test_pause_after_a_mute_broker),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
