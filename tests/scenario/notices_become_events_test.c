/* What an upstream broker says of jobs reaches the local one, once each, in order, whatever fails.
 */
#include "tests/check.h"
#include "tests/fakes/world.h"

#include <stdio.h>
#include <stdlib.h>

#define NOTIFY    "$aws/things/pump/jobs/notify-namespace-ns"
#define NEXT      "$aws/things/pump/jobs/notify-next-namespace-ns"
#define EVENT(id) "$aws/things/pump/jobs/" id "/notify-namespace-ns/"
#define JOB(id)   "{\"jobId\":\"" id "\"}"

static struct world *new_world(void)
{
    return world_new(&(struct world_options){.has_upstream = true});
}

static size_t notice(struct world *world, const char *topic, const char *payload)
{
    return world_send(
        world, &(struct world_command){
                   .topic = topic, .payload = payload, .from = SIDE_UPSTREAM, .is_notice = true});
}

/* Of the job "a". */
static size_t notice_number(struct world *world, int number)
{
    char payload[128];
    snprintf(payload, sizeof payload, "{\"timestamp\":%d,\"jobs\":{\"QUEUED\":[" JOB("a") "]}}",
             number);
    return notice(world, NOTIFY, payload);
}

static void each_form_becomes_events(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t first = notice(world, NOTIFY,
                          "{\"timestamp\":1,\"jobs\":{\"QUEUED\":[" JOB("a") "," JOB("b") "]}}");
    size_t second = notice(world, NEXT, "{\"timestamp\":2,\"execution\":" JOB("a") "}");
    size_t third = notice(world, EVENT("a"),
                          "{\"timestamp\":3,\"thingName\":\"pump\",\"jobId\":\"a\","
                          "\"namespaceId\":\"ns\",\"event\":\"UPDATED\"}");
    world_run_until(world, 10);

    assert_int_equal(world->broker.count, 4);
    assert_int_equal(world_broker_posts(&world->broker, EVENT("b")), 1);
    check_has(world_broker_post(&world->broker, EVENT("a"), 0)->payload, "\"jobs\"");
    check_has(world_broker_post(&world->broker, EVENT("a"), 1)->payload, "\"execution\"");
    check_has(world_broker_post(&world->broker, EVENT("a"), 2)->payload, "\"UPDATED\"");
    assert_true(world->arrivals[first].is_acknowledged && world->arrivals[second].is_acknowledged &&
                world->arrivals[third].is_acknowledged);
    assert_int_equal(world->upstream.count, 0);
    assert_int_equal(world->endpoint.count, 0);
    assert_int_equal(bridge_books(world->bridge).notices, 3);
    assert_int_equal(bridge_books(world->bridge).received, 0);
    world_end(world);
}

static void one_that_comes_twice_is_told_once(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = notice_number(world, 1);
    world_run_until(world, 10);
    world_send_again(world, number, true);
    world_run_until(world, 15);
    world_send_again(world, number, false);
    world_run_until(world, 20);
    notice_number(world, 2);
    world_run_until(world, 30);

    assert_int_equal(world_broker_posts(&world->broker, EVENT("a")), 2);
    assert_int_equal(bridge_books(world->bridge).notices, 2);
    assert_int_equal(bridge_books(world->bridge).notices_repeated, 2);
    world_end(world);
}

static void what_the_bridge_said_itself_is_no_news(void **state)
{
    (void)state;
    struct world *world = new_world();
    world_send(world, &(struct world_command){.thing = "pump", .job = "a", .namespace = "ns"});
    notice_number(world, 1);
    world_run_until(world, 10);
    assert_int_equal(world_broker_posts(&world->broker, EVENT("a")), 2);

    for (size_t i = 0; i < 2; i++) {
        char *payload = str_dup(str_of(world_broker_post(&world->broker, EVENT("a"), i)->payload));
        size_t number = notice(world, EVENT("a"), payload);
        free(payload);
        world_run_until(world, 20);
        assert_true(world->arrivals[number].is_acknowledged);
    }
    assert_int_equal(world_broker_posts(&world->broker, EVENT("a")), 2);
    assert_int_equal(bridge_books(world->bridge).notices_own, 2);
    world_end(world);
}

/* A new process does not know what the old one said: it says it once more, and then knows. */
static void no_loop_closes_over_a_crash(void **state)
{
    (void)state;
    struct world *world = new_world();
    notice_number(world, 1);
    world_run_until(world, 1000); /* by then it is known to be with the broker */
    char *payload = str_dup(str_of(world_broker_post(&world->broker, EVENT("a"), 0)->payload));
    world_crash(world);
    for (int i = 0; i < 5; i++) {
        notice(world, EVENT("a"), payload);
        world_run_until(world, 2000 + 1000 * i);
        if (i == 2)
            world_crash(world);
    }
    assert_int_equal(world_broker_posts(&world->broker, EVENT("a")), 2);
    free(payload);
    world_end(world);
}

static void one_of_no_known_form_is_kept_for_a_person(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t odd = notice(world, NOTIFY, "{\"timestamp\":1,\"jobs\":7}");
    size_t broken = notice(world, NOTIFY, "{");
    notice_number(world, 2);
    world_run_until(world, 10);

    assert_true(world->arrivals[odd].is_acknowledged && world->arrivals[broken].is_acknowledged);
    check_has(world_journal_row(&world->journal, odd)->buried, "'jobs' must be an object");
    assert_non_null(world_journal_row(&world->journal, broken)->buried);
    assert_int_equal(world->broker.count, 1);
    assert_int_equal(bridge_books(world->bridge).notices_unread, 2);
    assert_int_equal(bridge_books(world->bridge).buried, 2);
    world_end(world);
}

static void nothing_pending_is_nothing_to_tell(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = notice(world, NOTIFY, "{\"timestamp\":1,\"jobs\":{}}");
    world_run_until(world, 10);
    assert_true(world->arrivals[number].is_acknowledged);
    assert_int_equal(world->broker.count, 0);
    assert_int_equal(world->journal.count, 0);
    world_end(world);
}

/* topics.notify may be empty, from the start or after a reload. */
static void with_nobody_to_notify_it_is_nothing_to_tell(void **state)
{
    (void)state;
    struct world *world = new_world();
    world_link(world, false);
    notice_number(world, 1);
    world_turn(world);
    world->options.outcome.template_count = 0;
    world_crash(world);
    size_t number = notice_number(world, 2);
    world_run_until(world, 1000);
    assert_true(world->arrivals[number].is_acknowledged);
    assert_int_equal(bridge_books(world->bridge).notices_waiting, 0);
    assert_int_equal(world->journal.rows[0].entry.state, JOURNAL_FINISHED);
    assert_int_equal(world->broker.count, 0);
    world_end(world);
}

static void they_wait_for_the_local_link_in_order(void **state)
{
    (void)state;
    struct world *world = new_world();
    world_link(world, false);
    for (int i = 0; i < 300; i++)
        notice_number(world, i);
    world_run_until(world, 10);
    assert_int_equal(world->broker.count, 0);
    assert_int_equal(bridge_books(world->bridge).notices_waiting, 300);
    assert_true(world->arrivals[299].is_acknowledged);
    assert_true(bridge_owes(world->bridge, SIDE_LOCAL));
    assert_false(bridge_owes(world->bridge, SIDE_UPSTREAM));

    world_link(world, true);
    world_run_until(world, 20);
    assert_int_equal(world->broker.count, 300);
    for (int i = 0; i < 300; i++) {
        char timestamp[32];
        snprintf(timestamp, sizeof timestamp, "{\"timestamp\":%d,", i);
        check_has(world->broker.posts[i].payload, timestamp);
    }
    assert_int_equal(bridge_books(world->bridge).notices_waiting, 0);
    world_end(world);
}

static void the_upstream_link_holds_up_nothing_local(void **state)
{
    (void)state;
    struct world *world = new_world();
    world_link_upstream(world, false);
    size_t number = world_send(world, &(struct world_command){.thing = "pump", .job = "a"});
    world_run_until(world, 10);
    assert_string_equal(world_code(world, number), "accepted");
    world_link_upstream(world, true);
    notice_number(world, 1);
    world_run_until(world, 20);
    assert_int_equal(world_broker_posts(&world->broker, EVENT("a")), 1);
    world_end(world);
}

static void a_command_from_upstream_is_answered_there(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t local =
        world_send(world, &(struct world_command){.thing = "pump", .job = "a", .namespace = "ns"});
    size_t upstream = world_send(
        world, &(struct world_command){
                   .thing = "pump", .job = "a", .namespace = "ns", .from = SIDE_UPSTREAM});
    size_t refused = world_send(
        world, &(struct world_command){.thing = "pump", .job = "a.b", .from = SIDE_UPSTREAM});
    world_run_until(world, 10);

    assert_string_equal(world_code(world, local), "accepted");
    assert_string_equal(world_code(world, upstream), "accepted");
    assert_string_equal(world_code(world, refused), "InvalidTopic");
    assert_int_equal(world->upstream.count, 2);
    assert_int_equal(world_broker_posts(&world->broker, EVENT("a")), 2);
    assert_int_equal(bridge_books(world->bridge).received, 3);
    world_end(world);
}

static void its_answer_waits_for_the_upstream_link(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = world_send(
        world, &(struct world_command){
                   .thing = "pump", .job = "a", .namespace = "ns", .from = SIDE_UPSTREAM});
    world_turn(world);
    world_link_upstream(world, false);
    world_run_until(world, 10);
    assert_string_equal(world_code(world, number), "");
    assert_int_equal(world_broker_posts(&world->broker, EVENT("a")), 1);
    assert_true(bridge_owes(world->bridge, SIDE_UPSTREAM));

    world_crash(world);
    world_run_until(world, 20);
    assert_string_equal(world_code(world, number), "");
    world_link_upstream(world, true);
    world_run_until(world, 30);
    assert_string_equal(world_code(world, number), "accepted");
    assert_int_equal(world->endpoint.count, 1);
    world_end(world);
}

static const char payload[] = "{\"description\":\"x\",\"clientToken\":\"same\"}";

/* It is in no journal, so it is acknowledged only when its answer is with the broker. */
static void a_repeat_is_not_acknowledged_before_its_answer(void **state)
{
    (void)state;
    struct world *world = world_new(&(struct world_options){.has_upstream = true});
    struct world_command command = {.thing = "pump", .job = "a", .payload = payload};
    world_send(world, &command);
    world_run_until(world, 10);
    command.from = SIDE_UPSTREAM;
    world->upstream.delivers_in_ms = WORLD_WITHHELD;
    size_t repeat = world_send(world, &command);
    size_t behind = world_send(
        world, &(struct world_command){.thing = "pump", .job = "b", .from = SIDE_UPSTREAM});
    world_run_until(world, 20);
    assert_false(world->arrivals[repeat].is_acknowledged);
    assert_true(world->arrivals[behind].is_acknowledged);

    world_crash(world);
    world_send_again(world, repeat, true);
    world_run_until(world, 30);
    assert_false(world->arrivals[repeat].is_acknowledged);
    world_broker_deliver(&world->upstream, world->bridge, 10);
    world_run_until(world, 40);
    assert_true(world->arrivals[repeat].is_acknowledged);
    assert_int_equal(world->endpoint.count, 2);
    world_free(world);
}

/* The same command by both ways is one command, and each sender has its answer. */
static void a_repeat_by_the_other_broker_is_answered_there(void **state)
{
    (void)state;
    struct world *world = new_world();
    struct world_command command = {.thing = "pump", .job = "a", .payload = payload};
    size_t first = world_send(world, &command);
    world_run_until(world, 10);
    command.from = SIDE_UPSTREAM;
    world_send(world, &command);
    world_run_until(world, 20);
    assert_string_equal(world_code(world, first), "accepted");
    assert_int_equal(world->upstream.count, 1);
    assert_int_equal(world->endpoint.count, 1);
    world_free(world);
}

/* A session brings what an earlier configuration subscribed to. */
static void commands_that_are_not_wanted_are_refused_there(void **state)
{
    (void)state;
    struct world *world = new_world();
    world->options.takes_upstream_commands = false;
    world_crash(world);
    size_t own = world_send(
        world, &(struct world_command){.thing = "pump", .job = "a", .from = SIDE_UPSTREAM});
    size_t other = world_send(
        world, &(struct world_command){.topic = "elsewhere/jobs/a/update", .from = SIDE_UPSTREAM});
    world_run_until(world, 10);
    assert_string_equal(world_code(world, own), "Forbidden");
    assert_string_equal(world_code(world, other), "InvalidTopic");
    assert_int_equal(world->endpoint.count, 0);
    assert_int_equal(bridge_books(world->bridge).buried, 0);
    world_end(world);
}

/* Nobody else gets it, least of all on a topic that its sender chose. */
static void an_answer_to_a_broker_that_is_gone_becomes_a_dead_letter(void **state)
{
    (void)state;
    struct world *world = new_world();
    size_t number = world_send(world, &(struct world_command){.thing = "pump",
                                                              .job = "a",
                                                              .namespace = "ns",
                                                              .response_topic = "replies/me",
                                                              .from = SIDE_UPSTREAM});
    world_turn(world);
    world_link_upstream(world, false);
    world_run_until(world, 10);
    world->options.brokers[SIDE_UPSTREAM] = (struct port_broker){0};
    world_crash(world);
    world_run_until(world, 20);
    assert_non_null(world_journal_row(&world->journal, number)->buried);
    assert_int_equal(world_broker_posts(&world->broker, "replies/me"), 0);
    assert_true(bridge_is_idle(world->bridge));
    world_free(world);
}

static void large_ones_are_left_with_their_broker_sooner(void **state)
{
    (void)state;
    struct world *world = new_world();
    struct buf large;
    buf_init(&large, LIMITS_COMMAND_BYTES);
    world_link(world, false);
    size_t sent = 0;
    while (bridge_books(world->bridge).held_back == 0) {
        buf_clear(&large);
        buf_format(&large, "{\"timestamp\":%zu,\"rest\":\"%0100000d\",\"jobs\":{\"QUEUED\":[",
                   sent++, 7);
        buf_add_text(&large, JOB("a") "," JOB("b") "]}}");
        notice(world, NOTIFY, buf_text(&large));
        world_turn(world);
        assert_true(sent < 1000);
    }
    assert_in_range(sent, 32 * 5 / 2, 32 * 6);
    notice_number(world, 1);
    world_link(world, true);
    world_run_until(world, 10);
    assert_int_equal(world_broker_posts(&world->broker, EVENT("a")), sent + 1);
    buf_fini(&large);
    world_end(world);
}

static void without_room_one_at_qos_0_is_counted_and_gone(void **state)
{
    (void)state;
    struct world *world = new_world();
    world->journal.is_full = true;
    world_send(world, &(struct world_command){.topic = NOTIFY,
                                              .payload = "{\"timestamp\":1}",
                                              .from = SIDE_UPSTREAM,
                                              .is_qos0 = true,
                                              .is_notice = true});
    assert_int_equal(bridge_books(world->bridge).turned_away, 1);
    assert_int_equal(bridge_books(world->bridge).held_back, 0);
    world_free(world);
}

static void too_many_are_left_with_their_broker(void **state)
{
    (void)state;
    struct world *world = new_world();
    world_link(world, false);
    for (int i = 0; i < LIMITS_NOTICES + 2; i++)
        notice_number(world, i);
    world_run_until(world, 10);
    assert_false(world->arrivals[LIMITS_NOTICES].is_acknowledged);
    assert_int_equal(bridge_books(world->bridge).held_back, 2);

    world_link(world, true);
    size_t number = world_send(world, &(struct world_command){.thing = "pump", .job = "a"});
    world_run_until(world, 20);
    assert_string_equal(world_code(world, number), "accepted");
    assert_int_equal(world_broker_posts(&world->broker, EVENT("a")), LIMITS_NOTICES + 2);
    assert_true(world->arrivals[LIMITS_NOTICES + 1].is_acknowledged);
    world_end(world);
}

/* Dies before the n-th thing it does: what was acknowledged is told, in order. */
static void a_crash_at_any_step_loses_none(void **state)
{
    (void)state;
    for (unsigned step = 1; step < 40; step++) {
        struct world *world =
            world_new(&(struct world_options){.has_upstream = true, .redelivers = true});
        world->dies_in = step;
        for (int i = 0; i < 3; i++) {
            notice_number(world, i);
            world_run_until(world, 10 * (i + 1));
        }
        world_run_until(world, 10000);
        int last = -1;
        for (size_t i = 0; i < world->broker.count; i++) {
            const struct world_post *post = &world->broker.posts[i];
            int number = (int)strtol(post->payload + sizeof "{\"timestamp\":" - 1, NULL, 10);
            if (post->is_delivered && number > last) {
                assert_int_equal(number, last + 1);
                last = number;
            }
        }
        assert_int_equal(last, 2);
        world_end(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_becomes_events),
        cmocka_unit_test(one_that_comes_twice_is_told_once),
        cmocka_unit_test(what_the_bridge_said_itself_is_no_news),
        cmocka_unit_test(no_loop_closes_over_a_crash),
        cmocka_unit_test(one_of_no_known_form_is_kept_for_a_person),
        cmocka_unit_test(nothing_pending_is_nothing_to_tell),
        cmocka_unit_test(with_nobody_to_notify_it_is_nothing_to_tell),
        cmocka_unit_test(they_wait_for_the_local_link_in_order),
        cmocka_unit_test(the_upstream_link_holds_up_nothing_local),
        cmocka_unit_test(a_command_from_upstream_is_answered_there),
        cmocka_unit_test(its_answer_waits_for_the_upstream_link),
        cmocka_unit_test(a_repeat_by_the_other_broker_is_answered_there),
        cmocka_unit_test(a_repeat_is_not_acknowledged_before_its_answer),
        cmocka_unit_test(commands_that_are_not_wanted_are_refused_there),
        cmocka_unit_test(an_answer_to_a_broker_that_is_gone_becomes_a_dead_letter),
        cmocka_unit_test(large_ones_are_left_with_their_broker_sooner),
        cmocka_unit_test(without_room_one_at_qos_0_is_counted_and_gone),
        cmocka_unit_test(too_many_are_left_with_their_broker),
        cmocka_unit_test(a_crash_at_any_step_loses_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
