/* Two links in one loop, to two brokers: what happens to one is none of the other's business. */
#include "base/log.h"
#include "base/now.h"
#include "tests/fakes/broker.h"
#include "tests/fakes/broker_deaf.h"
#include "tests/fakes/broker_process.h"
#include "tests/fakes/broker_relay.h"
#include "tests/mqtt/resolver.h"
#include "tests/mqtt/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define LOAD        1000 /* messages in each direction */
#define STEP        20   /* of them at a time */
#define PATIENCE_MS 10000

/* One link and its broker: a fake one, behind a relay when it speaks TLS, or a real one. */
struct pair_end {
    int version;
    bool is_tls;
    int keep_alive_s; /* 0: 10 */
    int64_t exchange_ms;
    unsigned pause_factor;
    struct broker_script script;
    struct broker *broker;
    struct broker_relay *relay;
    struct rig *rig;
    char url[64];
};

static struct pair_end sides[RIG_PAIR];
static struct broker_process real; /* its certificate is also the relays' */
static char ca_file[96];

static void start_link(struct pair_end *side)
{
    struct mqtt_options options = rig_options(side->url, side->version);
    options.client_id = side == &sides[0] ? "first" : "second";
    options.has_clean_session = true;
    options.ca_file = side->is_tls ? ca_file : NULL;
    options.exchange_ms = side->exchange_ms;
    options.pause_factor = side->pause_factor;
    if (side->keep_alive_s != 0)
        options.keep_alive_s = side->keep_alive_s;
    side->rig = calloc(1, sizeof *side->rig);
    assert_non_null(side->rig);
    rig_start(side->rig, &options);
}

static void start_side(struct pair_end *side)
{
    side->script.version = side->version;
    side->broker = broker_new(&side->script);
    int port = broker_port(side->broker);
    if (side->is_tls)
        side->relay = broker_relay_new_tls(port, real.dir);
    snprintf(side->url, sizeof side->url,
             side->is_tls ? "mqtts://localhost:%d" : "mqtt://127.0.0.1:%d",
             side->is_tls ? broker_relay_port(side->relay) : port);
    start_link(side);
}

static void start_pair(const struct pair_end *first, const struct pair_end *second)
{
    sides[0] = *first;
    sides[1] = *second;
    start_side(&sides[0]);
    start_side(&sides[1]);
}

static int end_pair(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIG_PAIR; i++) {
        if (sides[i].rig != NULL)
            rig_end(sides[i].rig);
        free(sides[i].rig);
        if (sides[i].relay != NULL)
            broker_relay_free(sides[i].relay);
        if (sides[i].broker != NULL)
            broker_free(sides[i].broker);
        sides[i] = (struct pair_end){0};
    }
    return 0;
}

static void turn_both(void)
{
    rig_turn_pair((struct rig *const[]){sides[0].rig, sides[1].rig}, 20);
}

#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        int64_t deadline_ms = now_mono_ms() + PATIENCE_MS;                                         \
        while (!(condition)) {                                                                     \
            if (now_mono_ms() > deadline_ms)                                                       \
                fail_msg("%s: never; last problems: %s; %s", #condition,                           \
                         mqtt_last_problem(sides[0].rig->mqtt),                                    \
                         mqtt_last_problem(sides[1].rig->mqtt));                                   \
            turn_both();                                                                           \
        }                                                                                          \
    } while (0)

static void for_ms(int ms)
{
    for (int64_t end_ms = now_mono_ms() + ms; now_mono_ms() < end_ms;)
        turn_both();
}

static void until_up(void)
{
    UNTIL(sides[0].rig->is_up && sides[1].rig->is_up);
}

/* STEP messages in each direction, numbered from 1, as far as the window has room. */
static void work(struct pair_end *side, int *sent, int *published)
{
    char payload[24];
    for (int i = 0; i < STEP && *sent < LOAD; i++) {
        snprintf(payload, sizeof payload, "%s %d", side == sides ? "first" : "second", ++*sent);
        broker_publish(side->broker, RIG_TOPIC, payload, 1, (uint16_t)*sent);
    }
    for (int i = 0; i < STEP && *published < LOAD && mqtt_room(side->rig->mqtt) > 0; i++)
        rig_publish(side->rig, (uint64_t)++ * published, RIG_TOPIC, "x");
}

static bool is_done(const struct pair_end *side)
{
    return side->rig->arrival_count >= LOAD && side->rig->delivered_count >= LOAD &&
           broker_count(side->broker, BROKER_PUBACK) >= LOAD;
}

/* All of it, once, in order, and none of the other's. */
static void assert_work_is_right(const struct pair_end *side)
{
    static uint16_t ids[LOAD + 1];
    const struct rig *rig = side->rig;
    assert_int_equal(rig->ups, 1);
    assert_int_equal(rig->downs, 0);
    assert_int_equal(rig->arrival_count, LOAD);
    assert_int_equal(rig->delivered_count, LOAD);
    assert_int_equal(broker_pubacks(side->broker, ids, LOAD + 1), LOAD);
    for (int i = 0; i < LOAD; i++) {
        char expected[24];
        snprintf(expected, sizeof expected, "%s %d", side == sides ? "first" : "second", i + 1);
        assert_string_equal(rig->arrivals[i].payload, expected);
        assert_int_equal(rig->delivered[i], i + 1);
        assert_int_equal(rig->delivered_err[i], ERR_NONE);
        assert_int_equal(ids[i], i + 1);
    }
}

static void test_both_under_load(void **state)
{
    (void)state;
    static const struct pair_end pairs[][RIG_PAIR] = {
        {{.version = 5}, {.version = 3}},
        {{.version = 5, .is_tls = true}, {.version = 5, .is_tls = true}},
        {{.version = 3, .is_tls = true}, {.version = 5}},
        {{.version = 3}, {.version = 3, .is_tls = true}},
    };
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        int sent[RIG_PAIR] = {0};
        int published[RIG_PAIR] = {0};
        start_pair(&pairs[i][0], &pairs[i][1]);
        sides[0].rig->acknowledges = sides[1].rig->acknowledges = true;
        until_up();
        for (int step = 0; step < LOAD / STEP; step++) {
            work(&sides[0], &sent[0], &published[0]);
            work(&sides[1], &sent[1], &published[1]);
            turn_both();
        }
        while (published[0] < LOAD || published[1] < LOAD) {
            work(&sides[0], &sent[0], &published[0]);
            work(&sides[1], &sent[1], &published[1]);
            turn_both();
        }
        UNTIL(is_done(&sides[0]) && is_done(&sides[1]));
        for_ms(20);
        assert_work_is_right(&sides[0]);
        assert_work_is_right(&sides[1]);
        end_pair(NULL);
    }
}

/* The broker of the first resets its connection again and again, in the middle of a packet. */
static void reset_beside_work(bool is_tls)
{
    start_pair(&(struct pair_end){.version = 5,
                                  .is_tls = is_tls,
                                  .script = {.reset_after = 30, .queued = 10}},
               &(struct pair_end){.version = 5, .is_tls = is_tls});
    sides[1].rig->acknowledges = true;
    until_up();
    int sent = 0;
    int published = 0;
    uint64_t id = 0;
    for (int64_t end_ms = now_mono_ms() + 1500; now_mono_ms() < end_ms || published < LOAD;) {
        work(&sides[1], &sent, &published);
        while (mqtt_room(sides[0].rig->mqtt) > 0 && id < RIG_MAX)
            rig_publish(sides[0].rig, ++id, RIG_TOPIC, "x");
        mqtt_retry(sides[0].rig->mqtt);
        turn_both();
    }
    UNTIL(is_done(&sides[1]));
    assert_work_is_right(&sides[1]);
    assert_true(sides[0].rig->downs > 5);
    assert_int_equal(broker_count(sides[0].broker, BROKER_PUBACK), 0);
    assert_true(sides[0].rig->delivered_count < id);
    end_pair(NULL);
}

static void test_reset_beside_work(void **state)
{
    (void)state;
    reset_beside_work(false);
    reset_beside_work(true);
}

/* More than is taken in one turn, so that some of it waits inside of TLS when it is the other's
 * turn; then one connection fails in that state. */
static void test_leftovers_of_a_turn(void **state)
{
    (void)state;
    static const struct pair_end many = {.version = 5, .is_tls = true, .script = {.queued = 3000}};
    start_pair(&many, &many);
    UNTIL(sides[0].rig->arrival_count >= 1024);
    assert_true(sides[0].rig->arrival_count < 3000);
    broker_relay_reset(sides[0].relay);
    UNTIL(sides[1].rig->arrival_count >= 3000);
    UNTIL(sides[0].rig->downs == 1);
    assert_int_equal(sides[1].rig->downs, 0);
    for (int i = 0; i < 3000; i++) {
        char expected[24];
        snprintf(expected, sizeof expected, "queued %d", i + 1);
        assert_string_equal(sides[1].rig->arrivals[i].payload, expected);
        rig_acknowledge(sides[1].rig, (size_t)i);
    }
    UNTIL(broker_count(sides[1].broker, BROKER_PUBACK) == 3000);
    assert_int_equal(broker_count(sides[0].broker, BROKER_PUBACK), 0);
}

/* What comes while the other link dials, and fails, is there afterwards, and still unacknowledged.
 */
static void test_dialling_beside_arrivals(void **state)
{
    (void)state;
    start_pair(&(struct pair_end){.version = 5},
               &(struct pair_end){.version = 5, .script = {.connack_code = BROKER_NEVER}});
    rig_until_up(sides[0].rig);
    for (uint16_t id = 1; id <= 50; id++)
        broker_publish(sides[0].broker, RIG_TOPIC, "before", 1, id);
    rig_until_arrivals(sides[0].rig, 50);
    for (uint16_t id = 51; id <= 100; id++)
        broker_publish(sides[0].broker, RIG_TOPIC, "meanwhile", 1, id);
    UNTIL(mqtt_stats(sides[1].rig->mqtt).failures == 1);
    UNTIL(sides[0].rig->arrival_count == 100);
    assert_int_equal(broker_count(sides[0].broker, BROKER_PUBACK), 0);
    broker_rewrite(sides[1].broker, &(struct broker_script){.version = 5, .queued = 300});
    UNTIL(sides[1].rig->is_up && sides[1].rig->arrival_count == 300);
    for (size_t i = 0; i < 100; i++)
        rig_acknowledge(sides[0].rig, i);
    UNTIL(broker_count(sides[0].broker, BROKER_PUBACK) == 100);
    assert_int_equal(broker_count(sides[1].broker, BROKER_PUBACK), 0);
    assert_int_equal(sides[0].rig->downs, 0);
}

/* A link whose socket is full neither stops the other nor loses what it has buffered. */
static void test_blocked_beside_work(void **state)
{
    (void)state;
    static char large[64 * 1024];
    memset(large, 'x', sizeof large);
    start_pair(&(struct pair_end){.version = 5}, &(struct pair_end){.version = 5});
    sides[1].rig->acknowledges = true;
    until_up();
    broker_stop_reading(sides[0].broker, true);
    for (uint64_t id = 1; id <= 200; id++) {
        struct post post = {.id = id, .topic = STR(RIG_TOPIC), .payload = {large, sizeof large}};
        assert_int_equal(mqtt_publish(sides[0].rig->mqtt, &post), ERR_NONE);
    }
    int sent = 0;
    int published = 0;
    while (published < LOAD) {
        work(&sides[1], &sent, &published);
        turn_both();
    }
    UNTIL(is_done(&sides[1]));
    assert_true(mqtt_wants_write(sides[0].rig->mqtt));
    broker_stop_reading(sides[0].broker, false);
    UNTIL(sides[0].rig->delivered_count == 200);
    assert_work_is_right(&sides[1]);
    assert_int_equal(sides[0].rig->downs, 0);
}

/* Each pings by its own keep alive, whoever connected last. */
static void keep_alives(bool is_tls)
{
    start_pair(&(struct pair_end){.version = 5, .is_tls = is_tls, .keep_alive_s = 1},
               &(struct pair_end){.version = 3, .is_tls = is_tls, .keep_alive_s = 60});
    until_up();
    for_ms(4500);
    assert_in_range(broker_count(sides[0].broker, BROKER_PINGREQ), 3, 4);
    assert_int_equal(broker_count(sides[1].broker, BROKER_PINGREQ), 0);
    assert_int_equal(sides[0].rig->downs + sides[1].rig->downs, 0);
    end_pair(NULL);
}

static void test_keep_alives(void **state)
{
    (void)state;
    keep_alives(false);
    keep_alives(true);
}

/* Paho gives a silent broker up by itself when its link has no turn for long: in a call for the
 * other link, which must not lose anything by it. */
static void test_given_up_in_the_others_turn(void **state)
{
    (void)state;
    start_pair(
        &(struct pair_end){.version = 5, .keep_alive_s = 1},
        &(struct pair_end){.version = 5, .keep_alive_s = 1, .script = {.no_pingresp = true}});
    until_up();
    rig_for_ms(sides[0].rig, 4000);
    assert_true(sides[1].rig->is_up); /* not told yet */
    assert_int_equal(mqtt_fd(sides[1].rig->mqtt), -1);
    assert_true(mqtt_due_ms(sides[1].rig->mqtt) <= now_mono_ms());
    UNTIL(sides[1].rig->downs == 1);
    assert_int_equal(broker_count(sides[1].broker, BROKER_DISCONNECT), 0);
    broker_rewrite(sides[1].broker, &(struct broker_script){.version = 5});
    UNTIL(sides[1].rig->is_up);
    assert_int_equal(sides[0].rig->downs, 0);
    assert_true(broker_count(sides[0].broker, BROKER_PINGREQ) >= 3);
}

/* Both links to a real broker, which hear themselves, or each other: they share the topic. */
static void test_real_brokers(void **state)
{
    (void)state;
    struct broker_process plain;
    broker_process_init(&plain, NULL, false);
    broker_process_start(&plain);
    for (int version = 3; version <= 5; version += 2) {
        sides[0] = (struct pair_end){.version = version, .keep_alive_s = 1};
        sides[1] = (struct pair_end){.version = 8 - version, .is_tls = true, .keep_alive_s = 1};
        snprintf(sides[0].url, sizeof sides[0].url, "%s", plain.url);
        snprintf(sides[1].url, sizeof sides[1].url, "%s", real.url);
        start_link(&sides[0]);
        start_link(&sides[1]);
        sides[0].rig->acknowledges = sides[1].rig->acknowledges = true;
        until_up();
        for (uint64_t id = 1; id <= LOAD;) {
            bool has_room = mqtt_room(sides[0].rig->mqtt) > 0 && mqtt_room(sides[1].rig->mqtt) > 0;
            if (has_room) {
                rig_publish(sides[0].rig, id, RIG_TOPIC, "to the first");
                rig_publish(sides[1].rig, id++, RIG_TOPIC, "to the second");
            }
            if (!has_room || id % STEP == 0)
                turn_both();
        }
        UNTIL(sides[0].rig->arrival_count >= LOAD && sides[1].rig->arrival_count >= LOAD);
        UNTIL(sides[0].rig->delivered_count >= LOAD && sides[1].rig->delivered_count >= LOAD);
        for_ms(3000); /* longer than the brokers wait for a ping */
        for (size_t i = 0; i < LOAD; i++) {
            assert_string_equal(sides[0].rig->arrivals[i].payload, "to the first");
            assert_string_equal(sides[1].rig->arrivals[i].payload, "to the second");
            assert_int_equal(sides[0].rig->delivered[i], i + 1);
            assert_int_equal(sides[1].rig->delivered[i], i + 1);
        }
        assert_int_equal(sides[0].rig->downs + sides[1].rig->downs, 0);
        assert_int_equal(sides[0].rig->arrival_count + sides[1].rig->arrival_count, 2 * LOAD);
        end_pair(NULL);
    }
    broker_process_fini(&plain);
}

/* The longest that a message of the first link took to its broker and back, over that time. */
static int64_t worst_round_trip_ms(int ms)
{
    struct rig *rig = sides[0].rig;
    int64_t worst_ms = 0;
    int64_t end_ms = now_mono_ms() + ms;
    for (uint64_t id = 1; now_mono_ms() < end_ms && id < RIG_MAX; id++) {
        int64_t start_ms = now_mono_ms();
        rig_publish(rig, id, RIG_TOPIC, "x");
        UNTIL(rig->delivered_count == id);
        int64_t took_ms = now_mono_ms() - start_ms;
        worst_ms = took_ms > worst_ms ? took_ms : worst_ms;
        for_ms(1);
    }
    return worst_ms;
}

static void start_with_second_at(const char *url)
{
    sides[0] = (struct pair_end){.version = 5};
    sides[1] = (struct pair_end){.version = 5};
    snprintf(sides[1].url, sizeof sides[1].url, "%s", url);
    start_side(&sides[0]);
    rig_until_up(sides[0].rig);
    start_link(&sides[1]);
}

/* A broker that swallows every attempt is none of the other's business, however long it takes. */
static void test_unreachable_beside_work(void **state)
{
    (void)state;
    struct broker_deaf deaf;
    char url[64];
    broker_deaf_init(&deaf, "127.0.0.1", 0);
    snprintf(url, sizeof url, "mqtt://127.0.0.1:%d", deaf.port);
    start_with_second_at(url);
    assert_true(worst_round_trip_ms(3500) < 100);
    assert_int_equal(mqtt_stats(sides[1].rig->mqtt).failures, 1);
    char expected[96];
    snprintf(expected, sizeof expected, "no connection to 127.0.0.1 port %d: no answer in time",
             deaf.port);
    assert_string_equal(mqtt_last_problem(sides[1].rig->mqtt), expected);
    int64_t start_ms = now_mono_ms();
    mqtt_stop(sides[1].rig->mqtt, 1000); /* in the middle of the next attempt */
    assert_true(now_mono_ms() - start_ms < 100);
    assert_int_equal(mqtt_fd(sides[1].rig->mqtt), -1);
    broker_deaf_fini(&deaf);
}

/* One that accepts the connection and then says nothing costs one exchange, and then rests. */
static void test_mute_beside_work(void **state)
{
    (void)state;
    start_pair(&(struct pair_end){.version = 5},
               &(struct pair_end){.version = 5,
                                  .exchange_ms = 200,
                                  .pause_factor = 20,
                                  .script = {.connack_code = BROKER_NEVER}});
    rig_until_up(sides[0].rig);
    assert_true(worst_round_trip_ms(3500) < 500);
    assert_int_equal(mqtt_stats(sides[1].rig->mqtt).failures, 1);
    assert_true(mqtt_due_ms(sides[1].rig->mqtt) > now_mono_ms());
}

static void test_slow_resolver_beside_work(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.1", NULL};
    char url[64];
    struct broker *broker = broker_new(&(struct broker_script){.version = 5});
    snprintf(url, sizeof url, "mqtt://slow.example:%d", broker_port(broker));
    resolver_means(addresses, 4000);
    start_with_second_at(url);
    sides[1].broker = broker;
    assert_true(worst_round_trip_ms(3500) < 100);
    assert_false(sides[1].rig->is_up);
    assert_string_equal(mqtt_last_problem(sides[1].rig->mqtt),
                        "host name slow.example cannot be resolved: no answer in time");
    UNTIL(sides[1].rig->is_up);
    assert_int_equal(resolver_count(), 1);
    resolver_means(addresses, 4000);
    broker_reset(broker);
    UNTIL(sides[1].rig->downs == 1 && resolver_count() == 1);
    int64_t start_ms = now_mono_ms();
    rig_end(sides[1].rig);
    assert_true(now_mono_ms() - start_ms < 100);
    free(sides[1].rig);
    sides[1].rig = NULL;
    resolver_means(NULL, 0);
}

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    broker_process_init(&real, NULL, true);
    broker_process_start(&real);
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", real.dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    broker_process_fini(&real);
    return 0;
}

#define UNIT(test) cmocka_unit_test_teardown(test, end_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_both_under_load),
        UNIT(test_reset_beside_work),
        UNIT(test_leftovers_of_a_turn),
        UNIT(test_dialling_beside_arrivals),
        UNIT(test_blocked_beside_work),
        UNIT(test_keep_alives),
        UNIT(test_given_up_in_the_others_turn),
        UNIT(test_real_brokers),
        UNIT(test_unreachable_beside_work),
        UNIT(test_mute_beside_work),
        UNIT(test_slow_resolver_beside_work),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
